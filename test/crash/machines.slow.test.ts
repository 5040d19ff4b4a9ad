import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { armCrashPoints } from "../../src/core/crash-points.ts";
import { resumeJob, undoJobOf } from "../../src/library/jobs/control.ts";
import { listJobs } from "../../src/library/jobs/list-jobs.ts";
import { showJob } from "../../src/library/jobs/look-at-jobs.ts";
import { listMachines } from "../../src/library/machines/list-machines.ts";
import { pathsIn } from "../support/place.ts";
import { memoryDirectory } from "../support/memory-directory.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import type { Task } from "./machine-child.ts";
import { elsewhere, operate, operationNames, prepareFor, shapeOf, type Operation } from "./machine-operation.ts";

/** What takes long dies at every other point, and is mended in one way at each. */
const isLong = (name: Operation["name"]): boolean => name === "clone" || name.endsWith("-image");
const mends = ["resume", "undo"] as const;
const ownUuid = "0123456789abcdef".repeat(2);

const isUpdate = (name: Operation["name"]): boolean => name.startsWith("update");
/** An update dies at places of its own: the others are those of every attachment, and of every job. */
const ownOf = (name: Operation["name"], points: readonly string[]): string[] =>
  points.filter((point) => !isUpdate(name) || /^machine\.(?:snapshot|update|drop-snapshot|host-update)\./.test(point));

async function siteFor(context: TestContext, name: Operation["name"]): Promise<Operation> {
  const operation: Operation = { name, paths: pathsIn(join(memoryDirectory(context), "site")) };
  if (name === "relocate by copy") symlinkSync(temporaryDirectory(context), elsewhere(operation.paths));
  else mkdirSync(elsewhere(operation.paths), { mode: 0o700 });
  await prepareFor(operation);
  return operation;
}

/** Shapes hold paths of their site. */
const shape = ({ paths }: Operation): string =>
  shapeOf(paths)
    .replaceAll(realpathSync(elsewhere(paths)), "ELSEWHERE")
    .replaceAll(join(paths.stateDirectory, ".."), "SITE");

async function unfinishedJob({ paths }: Operation): Promise<string> {
  const open = (await listJobs({ paths })).filter(({ state }) => !["done", "undone"].includes(state));
  assert.equal(open.length, 1);
  return open[0]?.id ?? "";
}

/** What an operation leaves that nothing disturbs, and the places it passes. */
async function undisturbed(
  context: TestContext,
  name: Operation["name"],
): Promise<{ points: string[]; after: string }> {
  const operation = await siteFor(context, name);
  const points = new Set<string>();
  // Those of the journal and of a job's end are the engine's own, and tested with it.
  armCrashPoints((point) => /^(?:job\.[a-z-]+\.|machine\.)/.test(point) && points.add(point));
  await operate(operation);
  armCrashPoints(undefined);
  return { points: ownOf(name, [...points]), after: shape(operation) };
}

async function assertDies(point: string, action: () => Promise<unknown>): Promise<void> {
  armCrashPoints((passed) => {
    if (passed !== point) return;
    armCrashPoints(undefined);
    throw new RangeError(`died at ${point}`);
  });
  await assert.rejects(action(), /died at/, point);
}

/** Between what a machine was and what it will be it is incomplete, so that nobody starts or attaches it. */
function assertSafe(operation: Operation, before: string, after: string, point: string): void {
  const now = shape(operation);
  if ([before, after].some((known) => comparable(known) === comparable(now))) return;
  for (const { name, state } of listMachines({ paths: operation.paths }))
    assert.ok(
      state === "incomplete" ||
        operation.name === "create" ||
        (["clone", "create-image"].includes(operation.name) && name === "web"),
      `${name} is ${state} at ${point}`,
    );
}

/** Resumes or undoes; what is past its point of no return is resumed once undo was refused. */
async function mendBy(mend: "resume" | "undo", operation: Operation): Promise<"resume" | "undo"> {
  const { paths } = operation;
  // What fails as it saves the configuration of a relocated machine has been taken back by the command itself.
  if (operation.name.startsWith("relocate") && (await listJobs({ paths }))[0]?.state === "undone") return "undo";
  const job = await unfinishedJob(operation);
  if (mend === "undo" && (await showJob(job, { paths })).next.includes("undo")) {
    await undoJobOf(job, { paths });
    return "undo";
  }
  if (mend === "undo") await assert.rejects(undoJobOf(job, { paths }), { code: "UNDO_REFUSED" });
  await resumeJob(job, { paths });
  return "resume";
}

/** What differs from site to site: its id, and ids of machines without one. */
const comparable = (text: string): string =>
  text
    .replaceAll(/"(?:owner|site)": "[0-9a-f]{32}"/g, '"site": ""')
    .replaceAll(/"uuid": "([0-9a-f]{32})"/g, (whole, uuid) => (uuid === ownUuid ? whole : '"uuid": ""'));

for (const name of operationNames)
  test(`${name} that dies anywhere leaves a state of the table; resume and undo finish it`, async (context) => {
    const { points, after } = await undisturbed(context, name);
    assert.ok(points.length >= (isUpdate(name) ? 1 : 8), points.join(" "));

    const chosen = isLong(name) ? points.filter((_, at) => at % 2 === 0) : points;
    for (const [at, point] of chosen.entries()) {
      for (const mend of isLong(name) ? [mends[at % 2] ?? "undo"] : mends) {
        const operation = await siteFor(context, name);
        const before = shape(operation);
        await assertDies(point, () => operate(operation));
        assertSafe(operation, before, after, point);
        const ends = await mendBy(mend, operation);
        assert.equal(
          comparable(shape(operation)),
          comparable(ends === "resume" ? after : before),
          `${mend} after ${point}`,
        );
      }
    }
  });

test("an operation that is killed goes on, and is taken back", async (context) => {
  for (const name of operationNames) {
    const { points, after } = await undisturbed(context, name);
    const point = points[Math.floor(points.length / 2)] ?? "";
    assert.ok(point !== "");
    for (const mend of isLong(name) || isUpdate(name)
      ? [name.length % 2 === 0 ? ("resume" as const) : ("undo" as const)]
      : mends) {
      const operation = await siteFor(context, name);
      const before = shape(operation);
      const child = join(import.meta.dirname, "machine-child.ts");
      const words = JSON.stringify({ operation, killAt: point } satisfies Task);
      assert.equal(spawnSync(process.execPath, [child, words]).signal, "SIGKILL", `${name} at ${point}`);
      const ends = await mendBy(mend, operation);
      assert.equal(
        comparable(shape(operation)),
        comparable(ends === "resume" ? after : before),
        `${mend} ${name} at ${point}`,
      );
    }
  }
});

test("an update that dies as the machine is put back is put back, or done, all the same", async (context) => {
  const { after } = await undisturbed(context, "update");
  for (const [mend, point] of [
    ["resume", "machine.put-back.copied"],
    ["undo", "machine.put-back.copied"],
    ["undo", "machine.put-back.exchanged"],
  ] as const) {
    const operation = await siteFor(context, "update");
    const before = shape(operation);
    await assertDies("machine.update.installed", () => operate(operation));
    await assertDies(point, () => mendBy(mend, operation));
    assert.equal(listMachines({ paths: operation.paths })[0]?.state, "incomplete");
    assert.equal(await mendBy(mend, operation), mend);
    assert.equal(comparable(shape(operation)), comparable(mend === "resume" ? after : before), `${mend} at ${point}`);
  }
});

test("undo of a detaching that is done is refused once the files have gone", async (context) => {
  const operation = await siteFor(context, "detach");
  await operate(operation);
  const { paths } = operation;
  const [job] = await listJobs({ paths });
  spawnSync("mv", [join(paths.machinesDirectory, "web"), join(paths.machinesDirectory, "..", "gone")]);
  await assert.rejects(undoJobOf(job?.id ?? "", { paths }), /not as it was left/);
  assert.equal(listMachines({ paths })[0]?.state, "configured");
});
