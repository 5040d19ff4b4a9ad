import { UsageError } from "../../../core/errors.ts";

/** A format of disk images, as `qemu-img` names it; `ova` is a VMDK with its description in one archive. */
export type DiskFormat = "raw" | "qcow2" | "vmdk" | "vdi" | "vhdx" | "ova";

/** Where an image is to run. */
export type Hypervisor = "kvm" | "virtualbox" | "esxi" | "aws";

const formatOfEnding: Readonly<Record<string, DiskFormat>> = {
  raw: "raw",
  img: "raw",
  qcow2: "qcow2",
  vmdk: "vmdk",
  vdi: "vdi",
  vhdx: "vhdx",
  ova: "ova",
};

/**
 * The format that the name of a file tells. It is never found out by looking into the file: a raw disk may hold anything, also what
 * looks like an image that names other files of this host.
 *
 * @throws {UsageError} If the name has no ending that is known.
 */
export function diskFormatOf(path: string): DiskFormat {
  const ending = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  const format = Object.hasOwn(formatOfEnding, ending) ? formatOfEnding[ending] : undefined;
  if (format !== undefined) return format;
  const known = Object.keys(formatOfEnding).map((name) => `.${name}`);
  throw new UsageError(
    `cannot tell the format of "${path}": its name ends in none that is known`,
    `Give a name that ends in ${known.join(", ")}.`,
  );
}

/**
 * What `qemu-img` is told beside the format. ESXi and AWS take stream-optimised VMDKs only (ESXi 6.5 and later fails with others, in ways
 * that look like damage); everything else takes the one that can be written to.
 */
export function formatOptions(format: Exclude<DiskFormat, "ova">, hypervisor: Hypervisor | undefined): string[] {
  if (format === "qcow2") return ["compat=1.1", "lazy_refcounts=off"];
  if (format === "vhdx") return ["subformat=dynamic"];
  if (format !== "vmdk") return [];
  const isStream = hypervisor === "esxi" || hypervisor === "aws";
  return isStream ? ["subformat=streamOptimized", "adapter_type=lsilogic"] : ["subformat=monolithicSparse"];
}
