import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { Change, Operation } from "../operation.ts";
import { nothing } from "../operation.ts";
import type { TreeView } from "../ports.ts";
import { at } from "../text/tree-paths.ts";

/** What firmware starts when no variable names anything, and which loaders bring it, the one to be preferred first. */
const removable: readonly { readonly suffix: string; readonly name: string }[] = [
  { suffix: "x64", name: "BOOTX64.EFI" },
  { suffix: "ia32", name: "BOOTIA32.EFI" },
  { suffix: "aa64", name: "BOOTAA64.EFI" },
  { suffix: "riscv64", name: "BOOTRISCV64.EFI" },
];

/**
 * The removable path of UEFI. Variables of the old machine do not come along, so the loader must also lie at `EFI/BOOT`, which every
 * firmware tries by itself. A shim goes there with the loader it starts.
 */
export const bootLoader: Operation<"boot-loader"> = {
  name: "boot-loader",
  summary: "boot loaders at the path that every firmware tries",
  policies: ["keep", "reset"],
  examine(tree) {
    const partition = ["boot/efi", "efi", "boot"].find((folder) => find(tree, folder, "EFI") !== undefined);
    if (partition === undefined) return nothing;
    const firmware = `${partition}/${find(tree, partition, "EFI")}`;
    const changes = removable.flatMap(({ suffix, name }) => fallback(tree, firmware, suffix, name));
    return { changes };
  },
};

/** File names on a FAT file system differ in case as whoever wrote them liked. */
function find(tree: TreeView, directory: string, name: string): ByteString | undefined {
  return tree.list(at(directory)).find((found) => found.toLowerCase() === name.toLowerCase());
}

function fallback(tree: TreeView, firmware: string, suffix: string, name: string): Change[] {
  const boot = find(tree, firmware, "BOOT") ?? "BOOT";
  if (find(tree, `${firmware}/${boot}`, name) !== undefined) return [];
  const vendors = tree.list(at(firmware)).filter((vendor) => vendor.toLowerCase() !== "boot");
  for (const [first, ...others] of [
    [`shim${suffix}.efi`, `grub${suffix}.efi`, `mm${suffix}.efi`],
    [`grub${suffix}.efi`],
    [`systemd-boot${suffix}.efi`],
  ]) {
    if (first === undefined) continue;
    const vendor = vendors.find((folder) => find(tree, `${firmware}/${folder}`, first) !== undefined);
    if (vendor === undefined) continue;
    const copy = (from: string, to: string): Change[] => {
      const found = find(tree, `${firmware}/${vendor}`, from);
      if (found === undefined) return [];
      const path = `${firmware}/${boot}/${to}` as TreePath;
      return [
        { kind: "copy", from: `${firmware}/${vendor}/${found}` as TreePath, path, what: "found without variables" },
      ];
    };
    // What the shim starts is there before the shim.
    return [...others.flatMap((other) => copy(other, other)), ...copy(first, name)];
  }
  return [];
}
