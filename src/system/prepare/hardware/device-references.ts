import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { Change, NewHome, Operation } from "../operation.ts";
import type { TreeView } from "../ports.ts";
import {
  findSuccessions,
  rewriteArrays,
  rewriteCrypttab,
  rewriteFstab,
  rewriteReferences,
} from "../references/index.ts";
import { lineChanges } from "../text/edit-lines.ts";
import { at, maxConfigBytes, pathsIn, removals } from "../text/tree-paths.ts";

const fstabPath = at("etc/fstab");
const crypttabPath = at("etc/crypttab");
const arrayFiles = ["etc/mdadm/mdadm.conf", "etc/mdadm.conf"];
const grubEnvironment = /\/grubenv$/;
const grubEnvironmentBytes = 1024;
const what = "names the devices of the new home";

/** Files that name devices and UUIDs in any of their lines, other than fstab. */
const namingFiles: readonly string[] = [
  "etc/default/grub",
  "etc/kernel/cmdline",
  "etc/uswsusp.conf",
  "boot/grub/grub.cfg",
  "boot/grub/menu.lst",
  "boot/grub/grubenv",
  "boot/grub2/grub.cfg",
  "boot/grub2/grubenv",
  "boot/extlinux/extlinux.conf",
  "boot/syslinux/syslinux.cfg",
];
const namingFolders: readonly (readonly [directory: string, name: RegExp])[] = [
  ["etc/default/grub.d", /\.cfg$/],
  ["etc/initramfs-tools/conf.d", /^[^.]/],
  ["etc/dracut.conf.d", /\.conf$/],
  ["etc/cmdline.d", /\.conf$/],
  ...["boot", "boot/efi", "efi"].map((partition) => [`${partition}/loader/entries`, /\.conf$/] as const),
];

/**
 * What names disks of before: fstab, crypttab, kernel parameters, boot entries, resume, mdadm and LVM. Only lines that name an
 * old device change. fstab tells which devices are the old ones, so it is written last.
 */
export const deviceReferences: Operation<"references"> = {
  name: "references",
  summary: "references to old disks in fstab, crypttab and boot entries",
  policies: ["keep", "reset"],
  examine(tree, { newHome }) {
    const fstab = tree.read(fstabPath, maxConfigBytes) ?? ("" as ByteString);
    const { fileSystems, oldDisks, isComplete } = newHome ?? nowhere;
    const found = findSuccessions({ fstab, disks: oldDisks }, fileSystems);
    if (newHome === undefined) {
      const remark = "the directory is no mount point, so its new disks are not known: fstab stays as it is";
      return { changes: [], remarks: found.length === 0 ? [] : [remark] };
    }
    // Where not all file systems are known, a device without a successor may well be there.
    const successions = isComplete ? found : found.filter(({ successor }) => successor !== undefined);
    const unknown = isComplete ? [] : found.filter(({ successor }) => successor === undefined);
    const mapped = mappings(tree, newHome);
    const others = namingPaths(tree, isComplete).flatMap((path): Change[] => {
      const before = tree.read(path, maxConfigBytes);
      if (before === undefined) return [];
      const { text, changes } = rewriteReferences(before, successions);
      const content = grubEnvironment.test(path) ? sized(text) : text;
      return changes.length === 0 ? [] : [write(path, content, changes)];
    });
    const table = rewriteFstab(fstab, successions, fileSystems);
    return {
      changes: [
        ...others,
        ...mapped,
        ...(table.changes.length === 0 ? [] : [write(fstabPath, table.text, table.changes)]),
      ],
      remarks: unknown.flatMap(({ devices: [device], uuids: [uuid] }) => {
        const name = uuid === undefined ? device : `UUID=${uuid}`;
        return name === undefined
          ? []
          : [`/etc/fstab names ${name}, and nothing is mounted that takes its place: it stays`];
      }),
    };
  },
};

const nowhere: NewHome = { fileSystems: [], oldDisks: [], isComplete: false };

function namingPaths(tree: TreeView, isComplete: boolean): readonly TreePath[] {
  const vendors = ["boot/efi/EFI", "efi/EFI"].flatMap((folder) =>
    pathsIn(tree, folder, /./).map((path) => `${path}/grub.cfg`),
  );
  return [
    ...(isComplete ? [] : [crypttabPath]),
    ...namingFiles.map(at),
    ...namingFolders.flatMap(([directory, name]) => pathsIn(tree, directory, name)),
    ...vendors.map(at),
  ].filter((path) => tree.stat(path) !== undefined);
}

/** Lists of devices that keep LVM and mdadm from looking at any other, and what they are to put together. */
function mappings(tree: TreeView, { encrypted = [], arrays = [], isComplete }: NewHome): Change[] {
  const looking = arrayFiles.map(at).filter((path) => tree.stat(path) !== undefined);
  const [first = at("etc/mdadm/mdadm.conf"), ...others] = looking;
  const lvm = [
    ...pathsIn(tree, "etc/lvm/devices", /^system\.devices$/),
    at("etc/lvm/cache/.cache"),
    at("etc/lvm/.cache"),
  ];
  const crypttab = tree.read(crypttabPath, maxConfigBytes) ?? "";
  const rewritten = isComplete ? rewriteCrypttab(crypttab, encrypted) : undefined;
  return [
    ...[first, ...others].flatMap((path, index) => arrayChanges(tree, path, index === 0 ? arrays : [], isComplete)),
    ...(rewritten === undefined || rewritten.changes.length === 0
      ? []
      : [write(crypttabPath, rewritten.text, rewritten.changes)]),
    ...removals(tree, lvm, "a list of the old devices"),
  ];
}

function arrayChanges(
  tree: TreeView,
  path: TreePath,
  arrays: NonNullable<NewHome["arrays"]>,
  isComplete: boolean,
): Change[] {
  const before = tree.read(path, maxConfigBytes) ?? "";
  const { text, changes } = isComplete ? rewriteArrays(before, arrays) : { text: before, changes: [] };
  const anywhere = (line: string): string =>
    line.replace(/^(\s*DEVICE\s+)(?!partitions|containers).*$/i, "$1partitions containers");
  const [opened] = lineChanges(path, text as ByteString, "arrays are looked for everywhere", anywhere);
  if (opened?.kind !== "write") return changes.length === 0 ? [] : [write(path, text, changes)];
  const { lines } = write(path, text, changes);
  return [{ ...opened, lines: [...lines, ...(opened.lines ?? [])] }];
}

function write(
  path: TreePath,
  text: string,
  changes: ReturnType<typeof rewriteFstab>["changes"],
): Extract<Change, { kind: "write" }> & { readonly lines: readonly string[] } {
  const lines = changes.flatMap(({ before, after }) => [
    ...(before === undefined ? [] : [`- ${before}`]),
    `+ ${after}`,
  ]);
  return { kind: "write", path, content: text as ByteString, what, lines };
}

/** GRUB reads its environment only as one block of 1024 bytes, filled up with `#`. */
function sized(text: string): string {
  const body = text.replace(/#+$/, "");
  return body.length > grubEnvironmentBytes ? text : body.padEnd(grubEnvironmentBytes, "#");
}
