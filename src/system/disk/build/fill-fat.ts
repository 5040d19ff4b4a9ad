import type { TreePath } from "../../../core/tree/byte-string.ts";
import { byteStringFromText, displayBytes } from "../../../core/tree/byte-string.ts";
import { RehomeError } from "../../../core/errors.ts";
import { LayoutRefusedError } from "../layout/errors.ts";
import { mountsOf, type PlannedMount } from "../plan/disk-plan.ts";
import { requireRealPath, type MountedTree } from "./mounted-tree.ts";
import type { DiskPorts, TreeFiles } from "./ports.ts";
import { pathOf, type BuildRequest } from "./request.ts";

const maxDepth = 32;
const maxFileBytes = 2 ** 30;

/** What was read back from a vfat is not what was written. */
export class FatDiffersError extends RehomeError {
  override readonly name = "FatDiffersError";
  readonly code = "TARGET_DIFFERS";

  constructor(mountPoint: string, path: string) {
    super(
      `cannot call the disk finished: "${path}" in the vfat of ${mountPoint} is not what was written`,
      "Look at the device and at the version of mtools; then run the same command again.",
    );
  }
}

/**
 * Moves what lies at the mount points of vfat file systems into them, by mtools(1): that needs no kernel that knows vfat, and
 * keeps what a vfat cannot hold out by name instead of losing it. It is read back before it goes. May be called again.
 *
 * @throws {LayoutRefusedError} If there is something but files and directories.
 * @throws {FatDiffersError}
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
    await readBack(request, mount, { place, names, files }, ports, signal);
    for (const name of names) files.remove(`${place}/${name}` as TreePath);
  }
}

async function copyIn(
  request: BuildRequest,
  mount: PlannedMount,
  sources: readonly string[],
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<void> {
  const image = imageOf(request, mount);
  // s: directories with all in them, m: keep times, o: in the place of what is there.
  await ports.run({ command: "mcopy", args: ["-s", "-m", "-o", "-i", image, ...sources, "::/"], env }, signal);
}

const env = { TZ: "UTC", MTOOLSRC: "/dev/null", MTOOLS_SKIP_CHECK: "1", MTOOLS_LOWER_CASE: "0" };

/** A part of a disk as mtools(1) names it. */
function imageOf(request: BuildRequest, { holder, mountPoint }: PlannedMount): string {
  if (holder.kind !== "partition") throw new RangeError(`the vfat at "${mountPoint}" is no partition`);
  const { disk, partition } = holder;
  return `${pathOf(request, disk)}@@${partition.startSector * request.plan.sectorBytes}`;
}

async function readBack(
  request: BuildRequest,
  mount: PlannedMount,
  copied: { readonly place: TreePath; readonly names: readonly string[]; readonly files: TreeFiles },
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<void> {
  const { place, names, files } = copied;
  const directory = `${request.workDirectory}/vfat`;
  ports.files.remove(directory);
  ports.files.makeDirectory(directory);
  const sources = names.map((name) => `::/${name}`);
  await ports.run(
    { command: "mcopy", args: ["-s", "-i", imageOf(request, mount), ...sources, directory], env },
    signal,
  );
  using found = ports.openTree(directory);
  for (const name of names) assertSame(files, place, found, name, mount.mountPoint);
  ports.files.remove(directory);
}

/** What only `found` has may be of an earlier try. */
function assertSame(written: TreeFiles, place: TreePath, found: TreeFiles, path: string, mountPoint: string): void {
  const inTree = `${place}/${path}` as TreePath;
  if (written.stat(inTree)?.kind === "directory") {
    for (const name of written.list(inTree)) assertSame(written, place, found, `${path}/${name}`, mountPoint);
    return;
  }
  const content = found.read(path as TreePath, maxFileBytes);
  if (content === undefined || content !== written.read(inTree, maxFileBytes))
    throw new FatDiffersError(mountPoint, displayBytes(path as TreePath));
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
