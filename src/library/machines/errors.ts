import { RehomeError } from "../../core/errors.ts";

/** A machine, or what this host keeps of it, cannot be used for what was asked. */
export class MachineUnsuitableError extends RehomeError {
  override readonly name = "MachineUnsuitableError";
  readonly code = "MACHINE_UNSUITABLE";
}
