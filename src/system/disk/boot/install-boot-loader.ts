import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { DiskPorts, TreeFiles } from "../build/ports.ts";
import { pathOf, type BuildRequest } from "../build/request.ts";
import { isEsp, mountsOf, partitionUuidOf, type DiskPlan, type PlannedMount } from "../plan/disk-plan.ts";
import { embedGrub } from "./embed-grub.ts";
import { BootLoaderError } from "./errors.ts";
import { formatEarlyConfig, formatGrubConfig, type GrubMenu } from "./grub-config.ts";
import { grubImageCommand, type GrubLayer, type GrubPlatform } from "./grub-image.ts";
import { readKernelParameters, withSerialConsole } from "./kernel-parameters.ts";
import { findKernels } from "./kernels.ts";

const grubDirectory = "/usr/lib/grub";
const maxLoaderBytes = 16 << 20;
const maxReleaseBytes = 64 * 1024;

/**
 * Makes a disk start: GRUB of this host for a BIOS, and for UEFI at the path that every firmware tries (a signed shim and GRUB
 * where the tree has them). Entries name kernels of the tree and file systems by UUID. May be called again.
 *
 * @throws {BootLoaderError} If the tree has no kernel, or GRUB has no room.
 */
export async function installBootLoader(
  request: BuildRequest,
  tree: TreeFiles,
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<void> {
  const mounts = mountsOf(request.plan);
  const root = mounts.find(({ mountPoint }) => mountPoint === "/");
  if (root === undefined) throw new BootLoaderError('nothing is mounted at "/"');
  const boot = mounts.find(({ mountPoint }) => mountPoint === "/boot") ?? root;
  const kernels = findKernels(tree);
  if (kernels.length === 0)
    throw new BootLoaderError(
      'there is no kernel in "/boot"',
      "Capture a system that has one, or install one in it first.",
    );
  if (partitionUuidOf(root.holder) === undefined && kernels.some(({ initramfs }) => initramfs === undefined))
    throw new BootLoaderError('a kernel without an initramfs starts from a partition alone, and "/" is on none');
  const parameters = readKernelParameters(tree);
  const menu: GrubMenu = {
    systemName: request.systemName,
    kernels,
    parameters: request.hasSerialConsole ? withSerialConsole(parameters) : parameters,
    bootUuid: boot.content.uuid,
    bootMountPoint: boot.mountPoint,
    rootUuid: root.content.uuid,
    rootPartitionUuid: partitionUuidOf(root.holder),
  };
  tree.write("boot/grub/grub.cfg" as TreePath, Buffer.from(formatGrubConfig(menu)), 0o600);
  if (request.firmware.includes("bios")) await installForBios(request, menu, boot, ports, signal);
  if (request.firmware.includes("uefi")) await installForUefi(request, menu, boot, tree, ports, signal);
}

async function installForBios(
  request: BuildRequest,
  menu: GrubMenu,
  boot: PlannedMount,
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<void> {
  const [disk] = request.plan.disks;
  if (disk === undefined) return;
  const core = await makeImage("i386-pc", request, menu, boot, ports, signal);
  const bootImage = ports.files.read(`${grubDirectory}/i386-pc/boot.img`);
  for (const { offsetBytes, bytes } of embedGrub(disk, request.plan.sectorBytes, bootImage, core))
    ports.files.writeAt(pathOf(request, disk), offsetBytes, bytes);
}

async function installForUefi(
  request: BuildRequest,
  menu: GrubMenu,
  boot: PlannedMount,
  tree: TreeFiles,
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<void> {
  const esp = mountsOf(request.plan).find(({ holder }) => isEsp(holder));
  if (esp === undefined) throw new BootLoaderError("no partition of type esp is mounted");
  const put = (path: string, content: Uint8Array): void =>
    tree.write(`${esp.mountPoint.slice(1)}/EFI/${path}` as TreePath, content, 0o600);
  const signed = signedLoaders(tree);
  const [first] = signed;
  if (first === undefined) {
    put("BOOT/BOOTX64.EFI", await makeImage("x86_64-efi", request, menu, boot, ports, signal));
    return;
  }
  for (const { name, content } of signed) put(`BOOT/${name}`, Buffer.from(content, "latin1"));
  // A signed GRUB reads the menu of its maker's directory; that leads on to the one in `/boot`.
  const config = Buffer.from(formatEarlyConfig(menu));
  put("BOOT/grub.cfg", config);
  put(`${vendorOf(tree)}/grub.cfg`, config);
}

interface Loader {
  readonly name: string;
  readonly content: ByteString;
}

/** The shim and the GRUB that it starts, as their packages keep them; none unless both are there. */
function signedLoaders(tree: TreeFiles): Loader[] {
  const read = (path: string): ByteString | undefined => tree.read(path as TreePath, maxLoaderBytes);
  const shim = read("usr/lib/shim/shimx64.efi.signed");
  const grub = read("usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed");
  if (shim === undefined || grub === undefined) return [];
  const manager = read("usr/lib/shim/mmx64.efi.signed") ?? read("usr/lib/shim/mmx64.efi");
  return [
    { name: "BOOTX64.EFI", content: shim },
    { name: "grubx64.efi", content: grub },
    ...(manager === undefined ? [] : [{ name: "mmx64.efi", content: manager }]),
  ];
}

function vendorOf(tree: TreeFiles): string {
  const release = tree.read("etc/os-release" as TreePath, maxReleaseBytes) ?? "";
  return /^ID="?([a-z0-9._-]{1,40})"?$/m.exec(release)?.[1] ?? "debian";
}

/** A group may lie on arrays: those of the whole plan do no harm. */
function layersOf({ arrays, groups }: DiskPlan): GrubLayer[] {
  return [...(arrays.length > 0 ? ["array" as const] : []), ...(groups.length > 0 ? ["volume" as const] : [])];
}

async function makeImage(
  platform: GrubPlatform,
  request: BuildRequest,
  menu: GrubMenu,
  boot: PlannedMount,
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const earlyConfig = `${request.workDirectory}/early.cfg`;
  const output = `${request.workDirectory}/grub-${platform}.img`;
  ports.files.write(earlyConfig, Buffer.from(formatEarlyConfig(menu)));
  const paths = { directory: `${grubDirectory}/${platform}`, earlyConfig, output };
  await ports.run(grubImageCommand(platform, boot.content.type, layersOf(request.plan), paths), signal);
  const image = ports.files.read(output);
  ports.files.remove(output);
  ports.files.remove(earlyConfig);
  return image;
}
