import { crashPoint } from "../../../core/crash-points.ts";
import type { DiskPorts } from "../build/ports.ts";
import type { Firmware } from "../plan/layout-check.ts";
import { formatOptions, type DiskFormat, type Hypervisor } from "./disk-format.ts";
import { DiskImageUnsuitableError, readImageFacts } from "./image-facts.ts";
import { formatOvf } from "./ovf.ts";

/** A conversion of a disk image. Paths are absolute. */
export interface Conversion {
  readonly from: string;
  readonly fromFormat: DiskFormat;
  readonly to: string;
  readonly toFormat: DiskFormat;
  readonly hypervisor?: Hypervisor;
  /** For an OVA: the virtual machine around the disk. */
  readonly machine: {
    readonly name: string;
    readonly processorCount: number;
    readonly memoryBytes: number;
    readonly firmware: Firmware;
  };
}

const timeoutMs = 6 * 60 * 60_000;
/**
 * OVF packages are ustar archives, whose headers have no room for this size and above. GNU's way of writing such a size is the one that
 * vSphere and VirtualBox read, and that VMware's own tools write; pax headers they do not all read.
 */
const ustarFileBytes = 2 ** 33;

type Ports = Pick<DiskPorts, "run" | "files">;

/**
 * Converts a disk image. The result is written beside its place and takes it once it is whole and durable; what a killed
 * conversion left there is written over by the next. A VDI gets new UUIDs.
 *
 * @throws {DiskImageUnsuitableError} If the source takes content from other files, or is an OVA.
 */
export async function convertDisk(conversion: Conversion, ports: Ports, signal?: AbortSignal): Promise<void> {
  const { from, fromFormat, to, toFormat, hypervisor } = conversion;
  if (fromFormat === "ova") throw new DiskImageUnsuitableError(from, "it is an OVA; take the VMDK out of it");
  const info = ["info", "--output=json", "-f", fromFormat, from];
  const capacityBytes = readImageFacts(from, await ports.run({ command: "qemu-img", args: info }, signal));
  if (toFormat === "ova") {
    await packOva(conversion, fromFormat, capacityBytes, ports, signal);
  } else {
    const partial = partialPath(to);
    ports.files.remove(partial);
    await convert(from, fromFormat, partial, toFormat, hypervisor, ports, signal);
    crashPoint("disk.converted");
    ports.files.sync(partial);
    ports.files.rename(partial, to);
  }
  ports.files.sync(to);
  crashPoint("disk.published");
}

/** Removes what a conversion wrote. May be called again. */
export function undoConversion({ to }: Pick<Conversion, "to">, ports: Pick<DiskPorts, "files">): void {
  for (const path of [partialPath(to), `${to}.work`, to]) ports.files.remove(path);
}

function partialPath(path: string): string {
  return `${path}.part`;
}

async function convert(
  from: string,
  fromFormat: string,
  to: string,
  toFormat: Exclude<DiskFormat, "ova">,
  hypervisor: Hypervisor | undefined,
  ports: Ports,
  signal?: AbortSignal,
): Promise<void> {
  const options = formatOptions(toFormat, hypervisor);
  await using _early = ports.files.writeOutEarly(to);
  await ports.run(
    {
      command: "qemu-img",
      args: [
        "convert",
        "-f",
        fromFormat,
        "-O",
        toFormat,
        ...(options.length > 0 ? ["-o", options.join(",")] : []),
        from,
        to,
      ],
      timeoutMs,
    },
    signal,
  );
}

async function packOva(
  { from, to, machine }: Conversion,
  fromFormat: string,
  capacityBytes: number,
  ports: Ports,
  signal?: AbortSignal,
): Promise<void> {
  const work = `${to}.work`;
  ports.files.remove(work);
  ports.files.makeDirectory(work);
  const base = machine.name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "") || "disk";
  const [descriptor, list, disk] = [`${base}.ovf`, `${base}.mf`, `${base}-disk1.vmdk`];
  await convert(from, fromFormat, `${work}/${disk}`, "vmdk", "esxi", ports, signal);
  const fileBytes = ports.files.sizeOf(`${work}/${disk}`);
  const text = formatOvf({ ...machine, disks: [{ file: disk, fileBytes, capacityBytes }] });
  ports.files.write(`${work}/${descriptor}`, Buffer.from(text));
  const sums = await ports.run(
    { command: "sha256sum", args: [`${work}/${descriptor}`, `${work}/${disk}`], timeoutMs },
    signal,
  );
  const digests = sums.split("\n").map((line) => line.split(" ", 1)[0] ?? "");
  const manifest = [descriptor, disk].map((name, index) => `SHA256(${name})= ${digests[index] ?? ""}\n`).join("");
  ports.files.write(`${work}/${list}`, Buffer.from(manifest));
  crashPoint("disk.ova-packed");
  const partial = partialPath(to);
  const owner = ["--owner=0", "--group=0", "--numeric-owner", "--mode=0644", "--mtime=@0"];
  // The descriptor comes first, as readers of a stream need it; everything else in the order that it names.
  const args = [
    "--create",
    `--format=${fileBytes < ustarFileBytes ? "ustar" : "gnu"}`,
    ...owner,
    `--file=${partial}`,
    `--directory=${work}`,
    descriptor,
    list,
    disk,
  ];
  await ports.run({ command: "tar", args, timeoutMs }, signal);
  ports.files.sync(partial);
  ports.files.rename(partial, to);
  ports.files.remove(work);
}
