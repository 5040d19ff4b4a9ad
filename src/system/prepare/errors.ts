import { RehomeError } from "../../core/errors.ts";

/** A tree cannot be prepared as asked. Nothing was changed. */
export class TreeUnsuitableError extends RehomeError {
  override readonly name = "TreeUnsuitableError";
  readonly code = "TARGET_UNSUITABLE";
  readonly root: string;

  constructor(root: string, what: string, remedy: string) {
    super(`cannot prepare "${root}": ${what}`, remedy);
    this.root = root;
  }
}

/** A program in the sandbox failed. What was done before stays; the same command goes on. */
export class PrepareStepError extends RehomeError {
  override readonly name = "PrepareStepError";
  readonly code = "TOOL_FAILED";
  readonly operation: string;
  readonly exitCode: number;
  readonly timedOut: boolean;
  /** The end of what the program wrote. */
  readonly output: string;

  constructor(operation: string, program: string, ending: { exitCode: number; timedOut: boolean; output: string }) {
    const how = ending.timedOut ? "it did not end in time" : `it ended with status ${ending.exitCode}`;
    const last = ending.output.trim().split("\n").at(-1) ?? "";
    super(
      `cannot finish "${operation}": ${program} failed in the sandbox: ${how}${last === "" ? "" : `: ${last.slice(0, 300)}`}`,
      `See what it says (-v shows all of it), then run the same command again, or leave it out with --skip ${operation}.`,
    );
    this.operation = operation;
    this.exitCode = ending.exitCode;
    this.timedOut = ending.timedOut;
    this.output = ending.output;
  }
}
