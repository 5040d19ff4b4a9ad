import { UsageError } from "../../core/errors.ts";
import type { DiskFormat, Hypervisor } from "../../system/disk/convert/disk-format.ts";

const formatsOf: Readonly<Record<Hypervisor, readonly DiskFormat[]>> = {
  kvm: ["qcow2", "raw"],
  virtualbox: ["vdi", "vmdk", "ova"],
  esxi: ["vmdk", "ova"],
  aws: ["vmdk", "ova", "raw", "vhdx"],
};

/** @throws {UsageError} If a hypervisor does not take a format; each does of none. */
export function assertTakes(hypervisor: Hypervisor | undefined, format: DiskFormat): void {
  if (hypervisor === undefined || formatsOf[hypervisor].includes(format)) return;
  throw new UsageError(
    `cannot write a ${format} for ${hypervisor}: it does not take them`,
    `Give a name that ends in ${formatsOf[hypervisor].map((each) => `.${each}`).join(", ")}.`,
  );
}
