import { RehomeError } from "../../../core/errors.ts";

/** A disk cannot be made to start. */
export class BootLoaderError extends RehomeError {
  override readonly name = "BootLoaderError";
  readonly code = "BOOT_LOADER";

  constructor(what: string, remedy = "Mend the system, or choose another layout or firmware.", options?: ErrorOptions) {
    super(`cannot make the disk start: ${what}`, remedy, options);
  }
}
