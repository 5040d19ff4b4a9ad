import assert from "node:assert/strict";
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { once } from "node:events";
import { assertDocument } from "./documents.ts";
import { sandbox, type Sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

interface JobDocument {
  readonly id: string;
  readonly state: string;
  readonly kind: string;
  readonly next: readonly string[];
  readonly events?: readonly { readonly kind: string; readonly facts: unknown }[];
}

function jobsOf({ document }: Sandbox, ...words: readonly string[]): readonly JobDocument[] {
  const answer = document("job", "list", ...words);
  assertDocument("job-list", answer.document);
  return (answer.document as { readonly jobs: readonly JobDocument[] }).jobs;
}

function showOf({ document }: Sandbox, id: string, ...words: readonly string[]): JobDocument {
  const answer = document("job", "show", id, ...words);
  assertDocument("job-show", answer.document);
  return answer.document as JobDocument;
}

/** Waits until something is so; fails after half a minute. */
async function until<Value>(find: () => Value | undefined): Promise<Value> {
  for (const end = performance.now() + 30_000; performance.now() < end;) {
    const found = find();
    if (found !== undefined) return found;
    // The programs that are asked take their time; nothing else is waited for.
    await new Promise((resolve) => void setImmediate(resolve));
  }
  throw new assert.AssertionError({ message: "it did not come to that" });
}

/** A tree of which a slow capture takes minutes. */
function makeLargeTree(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (let each = 0; each < 40; each++)
    writeFileSync(join(directory, `file-${each}`), Buffer.alloc(256 * 1024, `content ${each} `));
}

function slowCapture(context: TestContext): Sandbox & { readonly start: Sandbox["start"] } {
  const box = sandbox(context);
  makeLargeTree(join(box.directory, "rootfs"));
  return box;
}

test("a capture is a job that is listed, shown, logged and undone", (context) => {
  const box = sandbox(context);
  const { directory, run, document } = box;
  makeSmallTree(join(directory, "rootfs"));
  const none = run("job", "list");
  assert.deepEqual([none.status, none.stdout, none.stderr], [0, "", "there are no jobs\n"]);
  const captured = document("capture", "./rootfs", "--name", "web").document as { readonly job: string };

  const [job] = jobsOf(box);
  assert.deepEqual([job?.id, job?.state, job?.kind], [captured.job, "done", "capture"]);
  assert.match(
    run("job", "list").stdout,
    /^ID +STATE +KIND +TITLE +PROGRESS +AGE\n[0-9a-f]{8} +done +capture +capture/,
  );
  assert.deepEqual(jobsOf(box, "--kind", "restore"), []);

  const prefix = captured.job.slice(0, 3);
  const text = run("job", "show", prefix).stdout;
  assert.match(text, /^job [0-9a-f]{8}: capture .*\n +state +done, since /);
  assert.match(text, /\ncapture +done +[\d.]+ s +removes +Capture /);
  assert.match(text, /\nWhat can be done:\n {2}rehome job undo /);
  const shown = showOf(box, prefix, "-v");
  assert.deepEqual(shown.next, ["undo"]);
  assert.deepEqual(
    shown.events?.map(({ kind }) => kind),
    ["created", "state", "checkpoint", "checkpoint", "state"],
  );
  assert.match(
    run("job", "log", prefix).stdout,
    /Z capture .*\n.*Z capture: Capture .*\n.*Z capture: done in .*\n.*Z done\n$/,
  );

  const refused = run("job", "resume", prefix);
  assert.equal(refused.status, 3);
  assert.match(refused.stderr, /^rehome: cannot run job [0-9a-f]{8}: it is done \[JOB_STATE\]\n/);
  assert.match(run("job", "undo", prefix).stdout, /^job [0-9a-f]{8} is undone: /);
  assert.equal(run("images").stdout, "");
  assert.deepEqual(showOf(box, prefix).next, []);
  assert.equal(run("job", "undo", prefix).status, 3);
});

test("job commands refuse what is past the point of no return, with what can be done instead", (context) => {
  const box = sandbox(context);
  const { directory, run } = box;
  makeSmallTree(join(directory, "rootfs"));
  run("capture", "./rootfs", "--name", "web");
  run("rm", "web:1");
  run("store", "prune");
  for (const kind of ["rm", "prune"]) {
    const [job] = jobsOf(box, "--kind", kind);
    assert.ok(job !== undefined);
    const { status, stderr } = run("job", "undo", job.id);
    assert.equal(status, 3);
    assert.match(stderr, /cannot undo job .* was begun and cannot be taken back \[UNDO_REFUSED\]\n.+\n/);
    assert.match(
      run("job", "show", job.id).stdout,
      /none: point of no return .*\n\nThere is nothing to be done\.\nIt cannot/,
    );
    assert.deepEqual(showOf(box, job.id).next, []);
  }
});

test("what a job leaves holds references to keys, and no key", (context) => {
  const { directory, run } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  const key = "0123456789abcdef".repeat(4);
  writeFileSync(join(directory, "one.key"), key);
  const place = ["--store", "./images", "--key-file", "one.key"];
  run("store", "init", "./images", "--encrypt", "--key-file", "one.key");
  assert.equal(run("capture", "./rootfs", "--name", "web", ...place).status, 0);
  assert.equal(run("restore", "web", "./new", ...place).status, 0);
  const files = globSync(join(directory, "state/jobs/**/*")).filter((path) => statSync(path).isFile());
  assert.equal(files.filter((path) => path.endsWith("evidence.json")).length, 2);
  assert.ok(files.some((path) => readFileSync(path).includes("one.key")));
  for (const path of files) {
    assert.ok(!readFileSync(path).includes(key), path);
    assert.equal(statSync(path).mode & 0o077, 0, path);
  }
});

test("job commands name a job that is not there, or is not one", (context) => {
  const { run, document } = sandbox(context);
  for (const words of [
    ["show", "0"],
    ["show", "xyz"],
    ["log", "%"],
    ["pause", "0"],
    ["rate", "0", "1MiB"],
  ]) {
    const { status, stdout, stderr } = run("job", ...words);
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /JOB_NOT_FOUND/);
  }
  assert.equal(run("job", "rate", "0", "fast").status, 2);
  assertDocument("error", document("job", "show", "0").document);
  assert.equal(run("job", "repair").stdout, "no job left anything\n");
  assertDocument("job-repair", document("job", "repair", "-n").document);
});

test("a running capture is paused, resumed at another rate and cancelled from other processes", async (context) => {
  const box = slowCapture(context);
  const { run, start } = box;
  const capture = start("capture", "./rootfs", "--name", "web", "--rate", "100K", "--progress", "json");
  const stderr: string[] = [];
  capture.stderr.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
  const ended = once(capture, "exit");
  const { id } = await until(() => jobsOf(box).find(({ state }) => state === "running"));
  assert.deepEqual(showOf(box, id).next, ["pause", "cancel", "rate"]);
  assert.equal(run("job", "undo", id).status, 3);
  const paused = run("job", "pause", id);
  assert.deepEqual([paused.status, paused.stdout.split(":")[0]], [0, `job ${id} is paused`], paused.stderr);
  assert.deepEqual((await ended)[0], 5, stderr.join(""));
  assert.match(stderr.join(""), new RegExp(`\\[JOB_PAUSED\\]\\n.*job resume ${id}`));
  const lines = stderr
    .join("")
    .split("\n")
    .filter((line) => line.startsWith("{"));
  for (const line of lines) assertDocument("progress", JSON.parse(line));
  assert.ok(lines.some((line) => (JSON.parse(line) as { readonly job?: string }).job === id));

  assert.equal(run("job", "pause", id).status, 3);
  assert.deepEqual(showOf(box, id).next, ["resume", "undo", "cancel"]);
  const resumed = start("job", "resume", id);
  const resumedEnd = once(resumed, "exit");
  await until(() => (showOf(box, id).state === "running" ? true : undefined));
  const cancelled = run("job", "cancel", id);
  assert.deepEqual([cancelled.status, cancelled.stdout.split(":")[0]], [0, `job ${id} is cancelled`], cancelled.stderr);
  assert.deepEqual((await resumedEnd)[0], 7);
  assert.equal(run("job", "resume", id).status, 3);
});

test("job rate lifts the limit of a running capture", async (context) => {
  const box = slowCapture(context);
  const capture = box.start("capture", "./rootfs", "--name", "web", "--rate", "50K");
  const ended = once(capture, "exit");
  const { id } = await until(() => jobsOf(box).find(({ state }) => state === "running"));
  assert.match(box.run("job", "rate", id, "none").stdout, /reads without a limit from now on\n$/);
  assert.deepEqual((await ended)[0], 0);
  assert.equal(box.run("job", "rate", id, "1MiB").status, 3);
});

test("a killed capture is interrupted at once, found by repair and finished by it", async (context) => {
  const box = slowCapture(context);
  const { run, document, directory } = box;
  const capture = box.start("capture", "./rootfs", "--name", "web", "--rate", "50K");
  const ended = once(capture, "exit");
  const { id } = await until(() => jobsOf(box).find(({ state }) => state === "running"));
  capture.kill("SIGKILL");
  await ended;
  assert.equal(jobsOf(box)[0]?.state, "interrupted");
  assert.deepEqual(showOf(box, id).next, ["resume", "undo", "cancel"]);
  mkdirSync(join(directory, "state/jobs/0123abcd"));
  const found = document("job", "repair", "-n");
  assert.equal(found.status, 3);
  assertDocument("job-repair", found.document);
  assert.ok(existsSync(join(directory, "state/jobs/0123abcd")));
  assert.match(run("job", "rate", id, "none").stdout, /reads without a limit once it goes on\n$/);
  const repaired = run("job", "repair", "--resume");
  assert.equal(repaired.status, 0, repaired.stderr);
  assert.match(
    repaired.stdout,
    new RegExp(`job ${id} is interrupted: [^]*removed .*/0123abcd: no job has it\\njob ${id}: done\\n$`),
  );
  assert.ok(!existsSync(join(directory, "state/jobs/0123abcd")));
  assert.match(run("images").stdout, /\nweb +1 /);
  const evidence = readFileSync(join(directory, `state/jobs/${id}/evidence.json`), "utf8");
  assert.equal((JSON.parse(evidence) as { readonly job: { readonly state: string } }).job.state, "done");
  assert.equal(run("job", "repair", "-n").status, 0);
});
