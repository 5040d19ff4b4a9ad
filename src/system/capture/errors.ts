import { RehomeError } from "../../core/errors.ts";

/** A pre-capture hook did not succeed, so nothing was captured. */
export class HookFailedError extends RehomeError {
  override readonly name = "HookFailedError";
  readonly code = "HOOK_FAILED";
  readonly path: string;
  readonly output: string;

  constructor(path: string, what: string, output: string) {
    super(
      `cannot capture: the hook "${path}" failed, ${what}`,
      output.trim() === "" ? "Run the hook by hand to see why." : `It said: ${output.trim().slice(-500)}`,
    );
    this.path = path;
    this.output = output;
  }
}

/** The tree changed while it was read, in a way that what was asked for cannot be held to. */
export class TreeChangedError extends RehomeError {
  override readonly name = "TreeChangedError";
  readonly code = "TREE_CHANGED";

  constructor(path: string, first: string) {
    super(
      `cannot leave out the secret "${path}": while the tree was read it became another name of "${first}", which was read before`,
      "Run the same command again.",
    );
  }
}

/** What should be captured is not there. */
export class SystemNotFoundError extends RehomeError {
  override readonly name = "SystemNotFoundError";
  readonly code = "SYSTEM_NOT_FOUND";

  constructor(operand: string, where: string) {
    super(
      `cannot capture "${operand}": there is no ${where}`,
      "Name `/`, a directory (with a `/` in it), or machine:NAME.",
    );
  }
}

/** Only root can bring back owners and devices; an image without them would not be what the archive holds. */
export class TarNeedsRootError extends RehomeError {
  override readonly name = "TarNeedsRootError";
  readonly code = "SYSTEM_UNSUITABLE";

  constructor(file: string) {
    super(
      `cannot capture from "${file}": owners and devices of an archive are lost unless root extracts it`,
      "Run the same command as root.",
    );
  }
}

/** A raw partition or file cannot be captured so that it could be relied on. Nothing was stored under a name. */
export class RawSourceRefusedError extends RehomeError {
  override readonly name = "RawSourceRefusedError";
  readonly code = "SYSTEM_UNSUITABLE";
  readonly path: string;

  constructor(path: string, what: string, remedy: string) {
    super(`cannot capture "${path}" as it is: ${what}`, remedy);
    this.path = path;
  }
}

/** A raw partition or file could not be read to its end; a stream with gaps would be of no use. */
export class RawSourceUnreadableError extends RehomeError {
  override readonly name = "RawSourceUnreadableError";
  readonly code = "SYSTEM_CALL";
  readonly path: string;

  constructor(path: string, offset: number, what: string) {
    super(
      `cannot read "${path}" between byte ${offset} and the next 64 MiB: ${what}`,
      "Look into the kernel's log; ddrescue copies what can be read of a failing disk.",
    );
    this.path = path;
  }
}

/** Something cannot be added to an image at the place that was named. Nothing was stored under a name. */
export class AdditionRefusedError extends RehomeError {
  override readonly name = "AdditionRefusedError";
  readonly code = "SYSTEM_UNSUITABLE";
  readonly path: string;

  constructor(path: string, what: string) {
    super(`cannot add "${path}", or what lies in it: ${what}`, "Name another file, or another place for it.");
    this.path = path;
  }
}
