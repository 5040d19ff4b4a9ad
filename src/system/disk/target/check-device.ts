import { RehomeError } from "../../../core/errors.ts";

/** What a block device is and who uses it. */
export interface DeviceFacts {
  readonly path: string;
  /** As lsblk names it: `disk`, `part`, `loop`, `lvm`, …; `none`: it is no block device, or not there. */
  readonly type: string;
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  readonly isReadOnly: boolean;
  /** Mount points and users of the device and of everything on it, in words. */
  readonly usedBy: readonly string[];
  /** Signatures of what lies on it: `gpt`, `ext4`, … */
  readonly signatures: readonly string[];
}

/** A device cannot be written to, or must not. Nothing was changed. */
export class DeviceRefusedError extends RehomeError {
  override readonly name = "DeviceRefusedError";
  readonly code = "DEVICE_REFUSED";
  readonly device: string;

  constructor(device: string, what: string, remedy: string) {
    super(`cannot write to "${device}": ${what}`, remedy);
    this.device = device;
  }
}

/**
 * Refuses a device that is in use, always, and one that holds something unless it is named a second time in `mayErase`.
 *
 * @param wanted `disk`: a partition of one is refused.
 * @throws {DeviceRefusedError}
 */
export function checkDevice(facts: DeviceFacts, mayErase: readonly string[], wanted: "disk" | "any" = "disk"): void {
  const { path, type, isReadOnly, usedBy, signatures } = facts;
  if (type === "none")
    throw new DeviceRefusedError(path, "it is no block device, or not there", "`lsblk` lists those of this host.");
  if (wanted === "disk" && type !== "disk" && type !== "loop")
    throw new DeviceRefusedError(path, `it is of type ${type}, a whole disk is needed`, "Name the disk itself.");
  if (isReadOnly) throw new DeviceRefusedError(path, "it is read-only", "Name another disk.");
  if (usedBy.length > 0)
    throw new DeviceRefusedError(
      path,
      `it is in use (${usedBy.join(", ")})`,
      "Unmount and release everything on it first.",
    );
  if (signatures.length > 0 && !mayErase.includes(path))
    throw new DeviceRefusedError(
      path,
      `it holds something (${signatures.join(", ")}) that would be lost`,
      `Give --yes-erase ${path} if all of it may go.`,
    );
}
