import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { Change, Operation } from "../operation.ts";
import { nothing } from "../operation.ts";
import type { TreeView } from "../ports.ts";
import { at, pathsIn, kindOf } from "../text/tree-paths.ts";

const machineIdPath = at("etc/machine-id");
const busPath = at("var/lib/dbus/machine-id");
const tokenPath = at("etc/kernel/entry-token");
const hostIdPath = at("etc/hostid");
const idBytes = 4096;
const hostIdBytes = 4;

/** A new machine-id, which the DUID and addresses of systemd-networkd and NetworkManager follow, and a new host id. */
export const machineId: Operation<"machine-id"> = {
  name: "machine-id",
  summary: "a machine-id of its own",
  policies: ["reset"],
  examine(tree, { fresh }) {
    const before = tree.read(machineIdPath, idBytes);
    const bus = tree.linkTarget(busPath) === undefined && kindOf(tree, busPath) === "file";
    const knowsMachineIds = before !== undefined || bus || kindOf(tree, at("usr/lib/systemd/systemd")) === "file";
    if (!knowsMachineIds) return nothing;
    const changes: Change[] = [
      ...keepEntryToken(tree, before),
      ...(bus
        ? [
            {
              kind: "link",
              path: busPath,
              target: "/etc/machine-id" as ByteString,
              what: "D-Bus uses the same id",
            } as const,
          ]
        : []),
      ...hostIdChanges(tree),
      // Empty is filled when the system starts; "uninitialized" would also make it ask as after an installation.
      fresh === "now"
        ? {
            kind: "write",
            path: machineIdPath,
            content: { fresh: "machine-id" },
            what: "a new machine-id",
            mode: 0o444,
          }
        : {
            kind: "write",
            path: machineIdPath,
            content: "" as ByteString,
            what: "emptied, filled at first boot",
            mode: 0o444,
          },
    ];
    const zfs = kindOf(tree, at("etc/zfs/zpool.cache")) === "file" && kindOf(tree, hostIdPath) !== undefined;
    return { changes, remarks: zfs ? ["/etc/hostid stays: the ZFS pools of this system know it"] : [] };
  },
  evidence(tree) {
    const id = tree.read(machineIdPath, idBytes)?.trim() ?? "";
    return [id === "" ? "machine-id is made at first boot" : `machine-id ${id}`];
  },
};

/** Boot entries and kernels may be filed under the old id; kernel-install(8) goes on with that name when it is written down. */
function keepEntryToken(tree: TreeView, before: ByteString | undefined): Change[] {
  const id = before?.trim() ?? "";
  if (!/^[0-9a-f]{32}$/.test(id) || kindOf(tree, tokenPath) !== undefined) return [];
  const named = ["boot", "boot/efi", "efi"].some(
    (folder) => kindOf(tree, `${folder}/${id}` as TreePath) === "directory" || entriesOf(tree, folder, id).length > 0,
  );
  const what = "boot entries stay filed under the name they have";
  return named ? [{ kind: "write", path: tokenPath, content: `${id}\n` as ByteString, what }] : [];
}

function entriesOf(tree: TreeView, folder: string, id: string): TreePath[] {
  return pathsIn(tree, `${folder}/loader/entries`, new RegExp(`^${id}-.*\\.conf$`));
}

function hostIdChanges(tree: TreeView): Change[] {
  if (kindOf(tree, hostIdPath) !== "file" || kindOf(tree, at("etc/zfs/zpool.cache")) === "file") return [];
  return [
    { kind: "write", path: hostIdPath, content: { fresh: "bytes", sizeBytes: hostIdBytes }, what: "a new host id" },
  ];
}
