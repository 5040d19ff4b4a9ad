import { RehomeError } from "../../core/errors.ts";
import { byteStringFromText, displayBytes } from "../../core/tree/byte-string.ts";
import { formatProblem, type Problem } from "./manifest/problem.ts";

/** A build that cannot be run as its manifest, or its caller, describes it; nothing was run. */
export class BuildInvalidError extends RehomeError {
  override readonly name = "BuildInvalidError";
  readonly code = "BUILD_INVALID";
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(
      [
        `cannot run the build "${file}": ${countOf(problems.length)} in what it describes`,
        ...problems.map(formatProblem),
      ].join("\n"),
      "Nothing was run. Correct the lines above; docs/builds.md and docs/format/build.schema.json say what is expected.",
    );
    this.problems = problems;
  }
}

function countOf(problems: number): string {
  return problems === 1 ? "something is wrong" : `${problems} things are wrong`;
}

/** A checkpoint cannot be registered, or the build cannot be run, in the state that it is in; nothing was changed. */
export class BuildRegistrationError extends RehomeError {
  override readonly name = "BuildRegistrationError";
  readonly code = "BUILD_INVALID";

  constructor(what: string, why: string, remedy: string) {
    super(`cannot ${what}: ${why}`, remedy);
  }
}

/** A checkpoint that a build cannot begin at, or go on from: a state it needs is gone, or something before it is not what it was. */
export class BuildNotResumableError extends RehomeError {
  override readonly name = "BuildNotResumableError";
  readonly code = "BUILD_NOT_RESUMABLE";
  /** The last checkpoint that a build can be resumed at. */
  readonly resumableAt: string;

  constructor(checkpoint: string, why: string, resumableAt: string) {
    super(
      `cannot resume the build at "${checkpoint}": ${why}`,
      `It can be resumed at "${resumableAt}" or before: \`rehome build -r ${resumableAt} MANIFEST\`.`,
    );
    this.resumableAt = resumableAt;
  }
}

/** Another build is at work in the same place. */
export class BuildBusyError extends RehomeError {
  override readonly name = "BuildBusyError";
  readonly code = "BUILD_BUSY";

  constructor(directory: string, owner: string) {
    super(
      `cannot build in "${directory}": ${owner} builds there`,
      "Wait for it, stop it with `rehome job pause`, or name another place with --work.",
    );
  }
}

/** A checkpoint ran and did not succeed. */
export class CheckpointFailedError extends RehomeError {
  override readonly name = "CheckpointFailedError";
  readonly code = "CHECKPOINT_FAILED";

  constructor(checkpoint: string, why: string, detailLog: string, options?: ErrorOptions) {
    super(`cannot finish checkpoint "${checkpoint}": ${why}`, `All that it said is in "${detailLog}".`, options);
  }
}

/** A program of a checkpoint ended with another status than 0. */
export class ProgramFailedError extends RehomeError {
  override readonly name = "ProgramFailedError";
  readonly code = "CHECKPOINT_FAILED";
  readonly exitCode: number;

  constructor(command: string, exitCode: number, lastLines: readonly string[]) {
    const said = lastLines.map((line) => displayBytes(byteStringFromText(line.slice(0, 300)))).join(" | ");
    super(
      `cannot run "${command}": it ended with status ${exitCode}${said === "" ? "" : `, and said: ${said}`}`,
      "All that it said is in the detailed log of the build.",
    );
    this.exitCode = exitCode;
  }
}

/** The tree is not one that a checkpoint can work on. */
export class WrongTreeError extends RehomeError {
  override readonly name = "WrongTreeError";
  readonly code = "CHECKPOINT_FAILED";

  constructor(why: string) {
    super(`cannot work on the tree: ${why}`, "Look at what the checkpoints before this one make.");
  }
}
