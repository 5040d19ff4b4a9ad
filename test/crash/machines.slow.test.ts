import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { armCrashPoints } from "../../src/core/crash-points.ts";
import { resumeJob, undoJobOf } from "../../src/library/jobs/control.ts";
import { listJobs } from "../../src/library/jobs/list-jobs.ts";
import { listMachines } from "../../src/library/machines/list-machines.ts";
import { pathsIn } from "../support/place.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import type { Task } from "./machine-child.ts";
import { operate, prepareFor, shapeOf, type Operation } from "./machine-operation.ts";

const names = ["detach", "create", "attach", "clone"] as const;
const isLong = (name: Operation["name"]): boolean => name === "clone";
const ownUuid = "0123456789abcdef".repeat(2);

async function siteFor(context: TestContext, name: Operation["name"]): Promise<Operation> {
  const operation: Operation = { name, paths: pathsIn(join(temporaryDirectory(context), "site")) };
  await prepareFor(operation);
  return operation;
}

/** Shapes hold paths of their site. */
const shape = ({ paths }: Operation): string => shapeOf(paths).replaceAll(join(paths.stateDirectory, ".."), "SITE");

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
  return { points: [...points], after: shape(operation) };
}

/** What differs from site to site: its id, and ids of machines without one. */
const comparable = (text: string): string =>
  text
    .replaceAll(/"(?:owner|site)": "[0-9a-f]{32}"/g, '"site": ""')
    .replaceAll(/"uuid": "([0-9a-f]{32})"/g, (whole, uuid) => (uuid === ownUuid ? whole : '"uuid": ""'));

for (const name of names)
  test(`${name} that dies anywhere leaves a state of the table; resume and undo finish it`, async (context) => {
    const { points, after } = await undisturbed(context, name);
    assert.ok(points.length >= 8, points.join(" "));
    for (const [at, point] of points.entries()) {
      // What takes long is mended in one way at each point, in both on the whole.
      const mends = ["resume", "undo"] as const;
      for (const mend of isLong(name) ? [mends[at % 2] ?? "undo"] : mends) {
        const operation = await siteFor(context, name);
        const before = shape(operation);
        armCrashPoints((passed) => {
          if (passed !== point) return;
          armCrashPoints(undefined);
          throw new RangeError(`died at ${point}`);
        });
        await assert.rejects(operate(operation), /died at/, point);
        const [machine] = listMachines({ paths: operation.paths });
        assert.ok(machine === undefined || machine.state !== "running", `${point}: ${machine?.state}`);
        const job = await unfinishedJob(operation);
        await (mend === "resume" ? resumeJob : undoJobOf)(job, { paths: operation.paths });
        assert.equal(
          comparable(shape(operation)),
          comparable(mend === "resume" ? after : before),
          `${mend} after ${point}`,
        );
      }
    }
  });

test("detach, create, attach and clone that are killed go on, and are taken back", async (context) => {
  for (const name of names) {
    const { points, after } = await undisturbed(context, name);
    const point = points[Math.floor(points.length / 2)] ?? "";
    for (const mend of ["resume", "undo"] as const) {
      const operation = await siteFor(context, name);
      const before = shape(operation);
      const child = join(import.meta.dirname, "machine-child.ts");
      const words = JSON.stringify({ operation, killAt: point } satisfies Task);
      assert.equal(spawnSync(process.execPath, [child, words]).signal, "SIGKILL", `${name} at ${point}`);
      const job = await unfinishedJob(operation);
      await (mend === "resume" ? resumeJob : undoJobOf)(job, { paths: operation.paths });
      assert.equal(
        comparable(shape(operation)),
        comparable(mend === "resume" ? after : before),
        `${mend} ${name} at ${point}`,
      );
    }
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
