import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { InterruptedError } from "../core/errors.ts";
import { findTool, runTool, ToolFailedError, type ToolFailure } from "./processes.ts";

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "rehome-processes-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function failsWith(failure: ToolFailure): (error: unknown) => boolean {
  return (error) => error instanceof ToolFailedError && error.failure === failure && error.code === "TOOL_FAILED";
}

function isAlive(pid: number): boolean {
  try {
    // A killed process whose parent has not looked yet is a zombie: state Z.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

test("runTool() gives output, status and time, and passes arguments on as they are", async () => {
  const result = await runTool("printf", ["%s|", "a b", "$HOME", "*", ""]);
  assert.equal(result.stdout, "a b|$HOME|*||");
  assert.equal(result.exitCode, 0);
  assert.ok(result.durationMs > 0);
});

test("runTool() gives the status of a tool that failed, and throws it where success is needed", async () => {
  const args = ["-c", "echo first >&2; echo last >&2; exit 3"];
  assert.equal((await runTool("sh", args)).exitCode, 3);
  await assert.rejects(runTool("sh", args, { mustSucceed: true }), (error) => {
    assert.ok(error instanceof ToolFailedError);
    assert.deepEqual([error.failure, error.exitCode, error.stderr], ["exit-status", 3, "first\nlast"]);
    return true;
  });
});

test("runTool() feeds standard input, also to a tool that does not read it", async () => {
  assert.equal((await runTool("cat", [], { input: "text" })).stdout, "text");
  assert.equal((await runTool("true", [], { input: Buffer.alloc(1 << 20) })).exitCode, 0);
  assert.equal((await runTool("cat", [])).stdout, "");
});

test("runTool() sets variables on top of this process's", async () => {
  const { stdout } = await runTool("env", [], { env: { REHOME_TEST: "x", HOME: undefined } });
  assert.match(stdout, /^REHOME_TEST=x$/m);
  assert.match(stdout, /^LC_ALL=C\.UTF-8$/m);
  assert.match(stdout, /^PATH=/m);
  assert.doesNotMatch(stdout, /^HOME=/m);
});

test("runTool() gives bytes one by one in latin1", async () => {
  assert.equal((await runTool("printf", ["\\377\\000a"], { encoding: "latin1" })).stdout, "\xff\0a");
});

test("runTool() kills the whole group at its time-out, also what ignores SIGTERM", async () => {
  const started = performance.now();
  let left = 0;
  const script = "trap '' TERM; sleep 30 & echo $! >&2; wait; sleep 30";
  await assert.rejects(runTool("sh", ["-c", script], { timeoutMs: 100 }), (error) => {
    assert.ok(failsWith("timed-out")(error));
    left = Number((error as ToolFailedError).stderr);
    return true;
  });
  assert.ok(left > 0);
  while (isAlive(left)) await new Promise((resolve) => setImmediate(resolve)); // the kernel may still be at it
  assert.ok(performance.now() - started < 5000);
});

test("runTool() does not wait for a process that left the group with its pipes", async (context) => {
  const pidFile = join(temporaryFolder(context), "pid");
  const script = 'setsid sh -c \'echo $$ > "$1"; exec sleep 30\' sh "$1" & wait';
  await assert.rejects(runTool("sh", ["-c", script, "sh", pidFile], { timeoutMs: 300 }), failsWith("timed-out"));
  process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
});

test("runTool() stops a tool that writes too much", async () => {
  await assert.rejects(runTool("yes", [], { maxOutputBytes: 1000 }), failsWith("too-much-output"));
});

test("runTool() stops when it is interrupted", async () => {
  const stop = new AbortController();
  const running = runTool("sleep", ["30"], { signal: stop.signal });
  stop.abort();
  await assert.rejects(running, InterruptedError);
  await assert.rejects(runTool("true", [], { signal: stop.signal }), InterruptedError);
});

test("runTool() names a tool that is missing, cannot be started, or was killed", async (context) => {
  const broken = join(temporaryFolder(context), "broken");
  writeFileSync(broken, "#!/no/such/interpreter\n");
  chmodSync(broken, 0o755);
  await assert.rejects(runTool("rehome-no-such-tool", []), failsWith("not-found"));
  await assert.rejects(runTool(broken, []), failsWith("not-started"));
  await assert.rejects(runTool("sh", ["-c", "kill -9 $$"]), failsWith("killed"));
});

test("findTool() looks through PATH and the folders of the administrator, for programs only", (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, "rehome-tool"), "");
  const path = process.env["PATH"];
  context.after(() => (process.env["PATH"] = path));

  process.env["PATH"] = `.:${folder}`;
  assert.equal(findTool("rehome-tool"), undefined);
  chmodSync(join(folder, "rehome-tool"), 0o755);
  assert.equal(findTool("rehome-tool"), join(folder, "rehome-tool"));
  assert.equal(findTool(join(folder, "rehome-tool")), join(folder, "rehome-tool"));
  assert.equal(findTool("./rehome-tool"), undefined);
  assert.equal(findTool(""), undefined);
  assert.match(findTool("ldconfig") ?? "", /^\/(usr\/)?sbin\/ldconfig$/);
});

test("runTool() tells lines as they come and returns though something it left behind holds the pipes", async () => {
  const lines: string[] = [];
  const startedMs = performance.now();
  const script = 'printf "one\\ntwo\\r\\nthr"; sleep 30 & echo ee >&2; echo $!';
  const result = await runTool("sh", ["-c", script], { onLine: (line) => lines.push(line) });
  assert.ok(performance.now() - startedMs < 10_000);
  const sleeper = lines.find((line) => /^thr\d+$/.test(line));
  assert.ok(sleeper !== undefined, lines.join("|"));
  assert.deepEqual(
    lines.filter((line) => line !== sleeper),
    ["one", "two", "ee"],
  );
  assert.deepEqual([result.stdout, result.stderr], ["", ""]);
  process.kill(Number(sleeper.slice(3)));
});
