import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { InterruptedError, RehomeError, UsageError } from "../../core/errors.ts";
import { TargetDiffersError } from "../../system/restore/errors.ts";
import { Messages } from "../terminal/messages.ts";
import { Output } from "../terminal/output.ts";
import { memoryTerminal } from "../../../test/cli/memory-terminal.ts";
import { describeFailure, traceFailure } from "./describe-failure.ts";
import { reportFailure } from "./report-failure.ts";

/** As the failures of system calls that the host reports. */
class CallFailedError extends RehomeError {
  override readonly name = "CallFailedError";
  readonly code = "SYSTEM_CALL";
  readonly errnoName: string;

  constructor(errnoName: string) {
    super(`cannot write "x": ${errnoName}`, "Do something.");
    this.errnoName = errnoName;
  }
}

function systemError(code: string, errno: number, syscall: string, path: string): Error {
  return Object.assign(new RangeError(`${code}: as node says it`), { code, errno, syscall, path });
}

test("describeFailure() passes on what a failure says of itself", () => {
  const failure = describeFailure(new UsageError("cannot read this", "Write it otherwise."));
  assert.deepEqual(failure, { code: "USAGE", message: "cannot read this", remedy: "Write it otherwise.", status: 2 });
  assert.equal(describeFailure(new InterruptedError("the capture")).status, 130);
});

test("describeFailure() knows a full disk and a missing right wherever they come from", () => {
  const code = (error: Error): string => describeFailure(error).code;
  assert.equal(code(new CallFailedError("ENOSPC")), "NO_SPACE");
  assert.equal(code(new CallFailedError("EDQUOT")), "NO_SPACE");
  assert.equal(code(new CallFailedError("EROFS")), "NOT_PERMITTED");
  assert.equal(code(new CallFailedError("EIO")), "SYSTEM_CALL");
  assert.deepEqual(describeFailure(systemError("ENOSPC", -28, "open", "/x/y")), {
    code: "NO_SPACE",
    message: 'cannot open "/x/y": no space left on device',
    remedy: "Free room there, then run the same command again; what was finished stays.",
    status: 1,
  });
  assert.equal(code(systemError("EACCES", -13, "mkdir", "/x")), "NOT_PERMITTED");
});

test("describeFailure() tells the failure, not that cleaning up failed too", () => {
  const suppressed = new SuppressedError(new RangeError("while closing"), new UsageError("cannot read", ""), "both");
  assert.equal(describeFailure(suppressed).code, "USAGE");
});

test("describeFailure() calls anything else a mistake in the program", () => {
  assert.deepEqual(
    [describeFailure(new TypeError("x is not a function")).code, describeFailure("text").status],
    ["INTERNAL", 1],
  );
});

test("describeFailure() says what node:fs could not do without its stack", () => {
  try {
    readFileSync("/nonexistent/\u001b[31m");
    assert.fail();
  } catch (error) {
    const { code, message, remedy, status } = describeFailure(error);
    assert.equal(message, String.raw`cannot open "/nonexistent/\u{1b}[31m": no such file or directory`);
    assert.deepEqual([code, remedy, status], ["SYSTEM_CALL", "Check the name.", 1]);
  }
});

test("traceFailure() follows causes", () => {
  const lines = traceFailure(new UsageError("outer", "", { cause: new RangeError("inner") })).filter(
    (line) => !line.startsWith("    at "),
  );
  assert.deepEqual(lines, ["UsageError: outer", "caused by: RangeError: inner"]);
});

function report(thrown: unknown, options: { json?: boolean; verbose?: number; isInterrupted?: boolean } = {}) {
  const [standardOutput, standardError] = [memoryTerminal(), memoryTerminal()];
  const status = reportFailure(thrown, {
    messages: new Messages(standardError, { quiet: true, verbose: options.verbose ?? 0 }),
    output: new Output(standardOutput),
    args: ["restore", "web", "./a b"],
    json: options.json ?? false,
    isInterrupted: options.isInterrupted ?? false,
    job: undefined,
  });
  return { status, out: standardOutput.text(), error: standardError.text() };
}

test("reportFailure() prints what is wrong, its code and what to do, and a stack only when asked twice", () => {
  const failure = new UsageError("cannot read this", "Write it otherwise.");
  assert.deepEqual(report(failure), {
    status: 2,
    out: "",
    error: "rehome: cannot read this [USAGE]\nWrite it otherwise.\n",
  });
  assert.ok(!report(failure, { verbose: 1 }).error.includes("    at "));
  assert.ok(report(failure, { verbose: 2 }).error.includes("    at "));
});

test("reportFailure() prints a document with --json", () => {
  const { out } = report(new UsageError("cannot read this", "Write it otherwise."), { json: true });
  assert.deepEqual(JSON.parse(out), {
    error: { code: "USAGE", message: "cannot read this", remedy: "Write it otherwise.", exitStatus: 2 },
  });
});

test("reportFailure() lists in the document where a restored tree differs", () => {
  const difference = { path: "etc/hosts", change: "changed", aspects: ["mode"] };
  const { status, out } = report(new TargetDiffersError("/new", [difference]), { json: true });
  assert.equal(status, 4);
  assert.deepEqual((JSON.parse(out) as { error: { differences: unknown } }).error.differences, [difference]);
});

test("reportFailure() prints the command that goes on after an interrupt, whatever the work threw then", () => {
  for (const thrown of [new InterruptedError("the restore"), new RangeError("pool ended")]) {
    const { status, error } = report(thrown, { isInterrupted: true });
    assert.equal(status, 130);
    assert.ok(error.endsWith("\n  rehome restore web './a b'\n"), error);
  }
  assert.equal(report(new UsageError("cannot", ""), { isInterrupted: true }).status, 2);
});
