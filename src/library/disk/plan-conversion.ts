import { statSync } from "node:fs";
import { basename } from "node:path";
import { diskPorts } from "../../host/disk/disk-ports.ts";
import type { Conversion } from "../../system/disk/convert/convert-disk.ts";
import { diskFormatOf, type DiskFormat, type Hypervisor } from "../../system/disk/convert/disk-format.ts";
import { DiskImageUnsuitableError, readImageFacts } from "../../system/disk/convert/image-facts.ts";
import type { Firmware } from "../../system/disk/plan/layout-check.ts";
import { assertAbsent } from "./disk-target.ts";
import { assertTakes } from "./hypervisors.ts";
import { defaultMachine, type MachineSize } from "./plan-build.ts";

/** A disk image that can be used. */
export interface FoundDisk {
  readonly format: Exclude<DiskFormat, "ova">;
  readonly capacityBytes: number;
}

/** Looks at a disk image. @throws {DiskImageUnsuitableError} If it is an OVA, or takes content from other files. @throws {UsageError} */
export async function findDisk(path: string, signal?: AbortSignal): Promise<FoundDisk> {
  const format = diskFormatOf(path);
  if (format === "ova") throw new DiskImageUnsuitableError(path, "it is an OVA; take the VMDK out of it");
  statSync(path);
  const args = ["info", "--output=json", "-f", format, path];
  return { format, capacityBytes: readImageFacts(path, await diskPorts.run({ command: "qemu-img", args }, signal)) };
}

/** Decides how to convert; both paths absolute. Changes nothing. @throws {DiskImageUnsuitableError} @throws {TargetUnsuitableError} @throws {UsageError} */
export async function planConversion(
  from: string,
  to: string,
  options: {
    readonly hypervisor?: Hypervisor;
    readonly machine?: MachineSize;
    readonly firmware?: Firmware;
    readonly signal?: AbortSignal;
  },
): Promise<Conversion & FoundDisk> {
  const { hypervisor, machine = defaultMachine, firmware = "bios", signal } = options;
  const toFormat = diskFormatOf(to);
  assertTakes(hypervisor, toFormat);
  const found = await findDisk(from, signal);
  assertAbsent(to);
  const described = { name: basename(to).replace(/\.[^.]*$/, ""), firmware, ...machine };
  const conversion = { from, fromFormat: found.format, to, toFormat, machine: described };
  return { ...conversion, ...found, ...(hypervisor && { hypervisor }) };
}
