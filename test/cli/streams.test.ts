import assert from "node:assert/strict";
import { spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { cellWidth } from "../../src/cli/render/cell-width.ts";
import { quoteForShell } from "../../src/cli/render/shell-words.ts";
import { assertDocument } from "./documents.ts";
import { program, sandbox, type Sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

function shell({ directory, environment }: Sandbox, line: string) {
  const script = `rehome() { ${quoteForShell(program)} "$@"; }; ${line}`;
  return spawnSync("bash", ["-c", script], { cwd: directory, env: environment, encoding: "utf8" });
}

function manyFiles(context: TestContext): Sandbox {
  const place = sandbox(context);
  mkdirSync(join(place.directory, "rootfs"));
  for (let number = 0; number < 1200; number++)
    writeFileSync(join(place.directory, `rootfs/${"x".repeat(200)}${number}`), "");
  assert.equal(place.run("capture", "./rootfs", "--name", "web").status, 0);
  return place;
}

test("a reader that goes ends the listing quietly", (context) => {
  const place = manyFiles(context);
  for (const line of ["rehome ls web", "rehome ls web -Rl", "rehome ls web --json", "rehome --help"]) {
    const { stdout, stderr } = shell(place, `${line} | head -n 1; echo "\${PIPESTATUS[0]}"`);
    assert.equal(stderr, "", line);
    assert.equal(stdout.trim().split("\n").at(-1), "0", line);
  }
});

test("a disk that is full is told as such, wherever the results should have gone", (context) => {
  const place = manyFiles(context);
  for (const line of ["rehome ls web", "rehome images", "rehome show web --json"]) {
    const { stdout, stderr } = shell(place, `${line} >/dev/full; echo $?`);
    assert.equal(stdout, "1\n");
    assert.match(stderr, /^rehome: cannot write to standard output: no space left on device \[NO_SPACE\]\n.+\n$/);
  }
});

/** Starts a capture that takes long unless it is stopped, and waits until it is reading. */
async function slowCapture(
  context: TestContext,
): Promise<{ place: Sandbox; child: ChildProcessWithoutNullStreams; lines: string[] }> {
  const place = sandbox(context);
  mkdirSync(join(place.directory, "rootfs"));
  for (let number = 0; number < 1200; number++)
    writeFileSync(join(place.directory, `rootfs/${number}`), Buffer.alloc(20_000, `${number}`));
  const child = place.start("capture", "./rootfs", "--name", "it", "--rate", "4MiB", "--progress", "json");
  const lines: string[] = [];
  const reading = Promise.withResolvers<undefined>();
  createInterface(child.stderr).on("line", (line) => {
    lines.push(line);
    if (line.includes('"reading"')) reading.resolve(undefined);
  });
  await reading.promise;
  return { place, child, lines };
}

test("the first Ctrl-C stops at a safe point and prints the command that goes on", async (context) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const { place, child, lines } = await slowCapture(context);
    child.kill(signal);
    const [status] = (await once(child, "close")) as [number | null];
    assert.equal(status, 130, lines.join("\n"));
    const told = lines.filter((line) => !line.startsWith("{"));
    assert.match(told[0] ?? "", /^rehome: stopping at the next safe point/);
    assert.match(told[1] ?? "", /\[INTERRUPTED\]$/);
    assert.equal(told.at(-1), "  rehome capture ./rootfs --name it --rate 4MiB --progress json");
    assert.equal(place.run("images").stdout, "");
    assert.equal(place.run("store", "check").status, 0);
    assert.equal(place.run("capture", "./rootfs", "--name", "it").status, 0);
  }
});

test("the second Ctrl-C ends at once, and that is safe too", async (context) => {
  const { place, child } = await slowCapture(context);
  child.kill("SIGINT");
  child.kill("SIGINT");
  child.kill("SIGTERM");
  const [status] = (await once(child, "close")) as [number | null];
  assert.equal(status, 130);
  assert.equal(place.run("store", "check").status, 0);
  assert.ok(readdirSync(place.directory).includes("rootfs"));
});

test("--progress json prints lines that are what their schema says, and nothing else on standard error", (context) => {
  const { directory, run } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  const { stderr } = run("capture", "./rootfs", "--progress", "json");
  const lines = stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { phase: string });
  for (const line of lines) assertDocument("progress", line);
  assert.ok(lines.some(({ phase }) => phase === "reading"));
});

test("-q leaves nothing but results, warnings and errors", (context) => {
  const { directory, run } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  assert.equal(run("capture", "./rootfs", "--name", "web", "-q").stderr, "");
  assert.equal(run("diff", "web", "./rootfs", "-q").stderr, "");
  assert.match(run("show", "nothing", "-q").stderr, /IMAGE_NOT_FOUND/);
});

test("stacks are shown only with -vv", (context) => {
  const { run } = sandbox(context);
  assert.ok(!run("images", "-v").stderr.includes("    at "));
  assert.ok(run("images", "-vv").stderr.includes("    at "));
});

test("on a terminal tables and progress fit its width, and no line of progress is left", (context) => {
  const place = sandbox(context);
  makeSmallTree(join(place.directory, "rootfs"));
  const rehome = quoteForShell(program);
  const line = `stty cols 40; ${rehome} capture ./rootfs --name a-long-name-of-an-image; ${rehome} images`;
  const { stdout } = shell(place, `TERM=xterm script -qec ${quoteForShell([line])} /dev/null`);
  const last = stdout.slice(stdout.lastIndexOf("\u001b[2K") + 4).replaceAll("\r", "");
  assert.match(last, /^a-long-name-of-an-image:1 @/);
  const table = last.trim().split("\n").slice(-2);
  assert.match(table[0] ?? "", /^NAME /);
  for (const row of table) assert.ok(cellWidth(row) <= 40, row);
});
