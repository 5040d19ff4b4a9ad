import type { TreePath } from "../../../core/tree/byte-string.ts";
import { byteStringFromText, displayBytes } from "../../../core/tree/byte-string.ts";
import { LayoutRefusedError } from "../layout/errors.ts";
import { mountsOf, type PlannedMount } from "../plan/disk-plan.ts";
import { requireRealPath, type MountedTree } from "./mounted-tree.ts";
import type { DiskPorts, TreeFiles } from "./ports.ts";
import { pathOf, type BuildRequest } from "./request.ts";

const maxDepth = 32;

/**
 * Moves what lies at the mount points of vfat file systems into them, by mtools(1): that needs no kernel that knows vfat, and
 * keeps what a vfat cannot hold out by name instead of losing it. May be called again.
 *
 * @throws {LayoutRefusedError} If there is something but files and directories.
 */
export async function fillFats(
  request: BuildRequest,
  { directory, files }: MountedTree,
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<void> {
  for (const mount of mountsOf(request.plan).filter(({ content }) => content.type === "vfat")) {
    requireRealPath(files, mount.mountPoint);
    const place = byteStringFromText(mount.mountPoint.slice(1));
    const names = files.list(place);
    if (names.length === 0) continue;
    requirePlain(files, place, mount.mountPoint, maxDepth);
    await copyIn(
      request,
      mount,
      names.map((name) => `${directory}${mount.mountPoint}/${name}`),
      ports,
      signal,
    );
    for (const name of names) files.remove(`${place}/${name}` as TreePath);
  }
}

async function copyIn(
  request: BuildRequest,
  { disk, partition }: PlannedMount,
  sources: readonly string[],
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<void> {
  const image = `${pathOf(request, disk)}@@${partition.startSector * request.plan.sectorBytes}`;
  await ports.run(
    {
      command: "mcopy",
      // s: directories with all in them, m: keep times, o: in the place of what is there.
      args: ["-s", "-m", "-o", "-i", image, ...sources, "::/"],
      env: { TZ: "UTC", MTOOLSRC: "/dev/null", MTOOLS_SKIP_CHECK: "1", MTOOLS_LOWER_CASE: "0" },
    },
    signal,
  );
}

/** A symlink would be followed to a file of this host. */
function requirePlain(tree: TreeFiles, path: TreePath, mountPoint: string, depth: number): void {
  for (const name of tree.list(path)) {
    const inside = `${path}/${name}` as TreePath;
    const kind = tree.linkTarget(inside) === undefined ? tree.stat(inside)?.kind : "symlink";
    const isPlain = kind === "file" || (kind === "directory" && depth > 0 && /^[\x20-\x7e]*$/.test(name));
    if (!isPlain) {
      const message = `"/${displayBytes(inside)}" is a ${kind ?? "name"} that a vfat (${mountPoint}) cannot hold`;
      throw new LayoutRefusedError([{ reason: "content", message }]);
    }
    if (kind === "directory") requirePlain(tree, inside, mountPoint, depth - 1);
  }
}
