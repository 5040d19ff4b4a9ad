import { byteStringFromText, displayBytes } from "../../core/tree/byte-string.ts";
import { RehomeError } from "../../core/errors.ts";

/** A machine, or what this host keeps of it, cannot be used for what was asked. */
export class MachineUnsuitableError extends RehomeError {
  override readonly name = "MachineUnsuitableError";
  readonly code = "MACHINE_UNSUITABLE";
}

/** Packages could not be brought to other versions. */
export class UpdateFailedError extends RehomeError {
  override readonly name = "UpdateFailedError";
  readonly code = "TOOL_FAILED";
  /** What the package manager wrote, its end. */
  readonly output: string;

  constructor(root: string, why: string, output: string) {
    const last = displayBytes(byteStringFromText((output.trim().split("\n").at(-1) ?? "").slice(0, 300)));
    super(
      `cannot update the packages in "${root}": ${why}${last === "" ? "" : `: ${last}`}`,
      "See that the versions can be had from the sources of packages (etc/apt) there.",
    );
    this.output = output;
  }
}
