import type { TreePath } from "../../../core/tree/byte-string.ts";
import { byteStringFromText } from "../../../core/tree/byte-string.ts";
import { LayoutRefusedError } from "../layout/errors.ts";
import { mountsOf, type PlannedMount } from "../plan/disk-plan.ts";
import type { DiskPorts, TreeFiles } from "./ports.ts";
import { openParts, type OpenParts } from "./open-parts.ts";
import type { BuildRequest } from "./request.ts";

/** The tree of a disk, mounted. */
export interface MountedTree extends AsyncDisposable {
  readonly directory: string;
  readonly files: TreeFiles;
}

/**
 * Mounts the file systems of a plan below the build's directory, all but vfat: those are plain directories of the tree until
 * `fillFat` moves what lies in them. Disposing of it unmounts everything, which writes it to the disk.
 *
 * @throws {LayoutRefusedError} If the tree has something else than a directory where a file system is to be mounted.
 */
export async function mountTree(request: BuildRequest, ports: DiskPorts, signal?: AbortSignal): Promise<MountedTree> {
  await using stack = new AsyncDisposableStack();
  const kept = stack.use(new KeptTree(request, ports));
  const { directory, files } = await kept.open(signal);
  const owned = stack.move();
  return { directory, files, [Symbol.asyncDispose]: async () => await owned.disposeAsync() };
}

/**
 * The tree of a disk, mounted from the first time it is asked for until this is disposed of: steps that follow each other do without
 * unmounting it, which writes all of it, and without attaching its parts, for which the kernel writes the whole file to its disk.
 */
export class KeptTree implements AsyncDisposable {
  readonly #request: BuildRequest;
  readonly #ports: DiskPorts;
  #parts: OpenParts | undefined;
  #tree: MountedTree | undefined;

  constructor(request: BuildRequest, ports: DiskPorts) {
    this.#request = request;
    this.#ports = ports;
  }

  /** @throws {LayoutRefusedError} As {@link mountTree}. */
  async open(signal?: AbortSignal): Promise<MountedTree> {
    if (this.#tree === undefined) {
      await this.#ports.unmountBelow(treeOf(this.#request));
      this.#parts ??= await openParts(this.#request, "open", this.#ports, signal);
      this.#tree = await mountParts(this.#request, this.#parts, this.#ports, signal);
    }
    return this.#tree;
  }

  /** As {@link open}, mounted anew: what is read was written to the disk, and nothing of it is remembered. */
  async reopen(signal?: AbortSignal): Promise<MountedTree> {
    await this.#unmount();
    return await this.open(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using _parts = this.#parts;
    this.#parts = undefined;
    await this.#unmount();
  }

  async #unmount(): Promise<void> {
    await using _tree = this.#tree;
    this.#tree = undefined;
  }
}

function treeOf({ workDirectory }: BuildRequest): string {
  return `${workDirectory}/tree`;
}

async function mountParts(
  request: BuildRequest,
  parts: OpenParts,
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<MountedTree> {
  const directory = treeOf(request);
  ports.files.makeDirectory(directory);
  await using stack = new AsyncDisposableStack();
  const isFile = [...request.paths.values()].every((path) => !ports.files.isBlockDevice(path));
  for (const mount of mountsOf(request.plan)) {
    if (mount.content.type === "vfat") continue;
    const at = mount.mountPoint === "/" ? directory : `${directory}${mount.mountPoint}`;
    if (mount.mountPoint !== "/") makeMountPoint(directory, mount, ports);
    const device = await parts.deviceOf(mount.holder);
    stack.use(await ports.mount(device, at, mount.content.type, optionsFor(mount, isFile), signal));
  }
  const files = ports.openTree(directory);
  stack.defer(() => files[Symbol.dispose]());
  const owned = stack.move();
  return { directory, files, [Symbol.asyncDispose]: async () => await owned.disposeAsync() };
}

function makeMountPoint(directory: string, { mountPoint }: PlannedMount, ports: DiskPorts): void {
  using tree = ports.openTree(directory);
  requireRealPath(tree, mountPoint);
  ports.files.makeDirectory(`${directory}${mountPoint}`);
}

/**
 * Refuses a path of the tree on which a symlink lies, or that leads to something else than a directory: on this host it would lead
 * out of the tree.
 *
 * @throws {LayoutRefusedError}
 */
export function requireRealPath(tree: TreeFiles, mountPoint: string): void {
  const parts = byteStringFromText(mountPoint)
    .split("/")
    .filter((part) => part !== "");
  for (const index of parts.keys()) {
    const path = parts.slice(0, index + 1).join("/") as TreePath;
    const isLink = tree.linkTarget(path) !== undefined;
    const kind = isLink ? "symlink" : tree.stat(path)?.kind;
    if (kind === undefined) return;
    if (kind === "directory") continue;
    const message = `"${mountPoint}" is to be a mount point, and "/${path}" is a ${kind} in the tree`;
    throw new LayoutRefusedError([{ reason: "mounts", message }]);
  }
}

function optionsFor({ content }: PlannedMount, isFile: boolean): string[] {
  // The inode tables of a new file are zeros already; its contents are made durable once, at the end.
  if (content.type === "ext4")
    return isFile ? ["noinit_itable", "nobarrier", "inode_readahead_blks=1024"] : ["noinit_itable"];
  // The system that this one was captured from may be running here, with the same UUIDs.
  return content.type === "xfs" ? ["nouuid"] : [];
}
