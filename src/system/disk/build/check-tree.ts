import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import { RehomeError } from "../../../core/errors.ts";
import { readInitramfsFiles } from "../boot/read-initramfs.ts";
import { findKernels } from "../boot/kernels.ts";
import type { TreeFiles } from "./ports.ts";
import type { BuildSource, StaleReference } from "./request.ts";

/** A file that still names a disk that is not there. `path` is in the tree, or `INITRAMFS: PATH` in an initramfs. */
export interface StaleFile {
  readonly path: string;
  readonly references: readonly StaleReference[];
}

/** Files that decide how a system starts still name disks that it no longer has; it might hang or start from another disk. */
export class DiskNotCleanError extends RehomeError {
  override readonly name = "DiskNotCleanError";
  readonly code = "DISK_NOT_CLEAN";
  readonly files: readonly StaleFile[];

  constructor(files: readonly StaleFile[]) {
    const shown = files.map(
      ({ path, references }) => `${path} (${references.map(({ reference }) => reference).join(", ")})`,
    );
    super(
      `cannot call the disk finished: ${shown.slice(0, 5).join("; ")} still name disks that are not there`,
      "Mend these files in the system, or leave the lines out that are not needed; then build again.",
    );
    this.files = files;
  }
}

const fixedFiles = [
  "etc/fstab",
  "etc/crypttab",
  "etc/kernel/cmdline",
  "etc/default/grub",
  "etc/initramfs-tools/conf.d/resume",
  ...["boot/grub", "boot/grub2"].flatMap((folder) => [`${folder}/grub.cfg`, `${folder}/grubenv`]),
];
const entryFolders = ["boot/loader/entries", "boot/efi/loader/entries", "efi/loader/entries"];
const vendorFolders = ["boot/efi/EFI", "efi/EFI"];
const maxTextBytes = 1 << 20;
const maxInitramfsBytes = 512 << 20;

/**
 * Looks through everything that decides what a system starts from: fstab, crypttab, boot entries and what its initramfs has of them.
 *
 * @throws {DiskNotCleanError} With every file that names a device or a UUID of the old disks.
 */
export async function checkTree(tree: TreeFiles, findStale: BuildSource["findStale"]): Promise<void> {
  const entries = entryFolders.flatMap((folder) =>
    tree
      .list(folder as TreePath)
      .filter((name) => name.endsWith(".conf"))
      .map((name) => `${folder}/${name}`),
  );
  const vendors = vendorFolders.flatMap((folder) =>
    tree.list(folder as TreePath).map((vendor) => `${folder}/${vendor}/grub.cfg`),
  );
  const texts = [...fixedFiles, ...entries, ...vendors].map((path): readonly [string, ByteString | undefined] => [
    path,
    tree.read(path as TreePath, maxTextBytes),
  ]);
  const packed = await Array.fromAsync(initramfsTexts(tree));
  const stale = [...texts, ...packed].flatMap(([path, text]) => {
    const references = text === undefined ? [] : findStale(text);
    return references.length === 0 ? [] : [{ path, references }];
  });
  if (stale.length > 0) throw new DiskNotCleanError(stale);
}

async function* initramfsTexts(tree: TreeFiles): AsyncGenerator<readonly [string, string]> {
  for (const { initramfs } of findKernels(tree)) {
    if (initramfs === undefined) continue;
    const archive = tree.readBytes(initramfs.slice(1) as TreePath, maxInitramfsBytes);
    if (archive === undefined) continue;
    for await (const { name, content } of readInitramfsFiles(archive, isAboutDisks))
      yield [`${initramfs}: ${name}`, content];
  }
}

/** What initramfs-tools and dracut keep of the disks that they are to look for. */
function isAboutDisks(name: string): boolean {
  return /^(?:conf\/conf\.d\/|conf\/param\.conf$|cryptroot\/|etc\/(?:crypttab|fstab|mdadm\.conf|mdadm\/mdadm\.conf|cmdline)$|etc\/cmdline\.d\/)/.test(
    name,
  );
}
