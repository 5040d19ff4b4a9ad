import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { ToolCommand } from "../commands/tool-command.ts";

/**
 * Files of a tree of which nothing is trusted. Paths are resolved as if the root of the tree were the root of the machine, so
 * no symlink in it leads outside.
 */
export interface TreeFiles {
  /** The whole content of a regular file of at most `maxBytes`; undefined where there is none. */
  read(path: TreePath, maxBytes: number): ByteString | undefined;
  /** As {@link read}, for what is no text. */
  readBytes(path: TreePath, maxBytes: number): Uint8Array | undefined;
  /** The names in a directory; none where there is no directory. */
  list(path: TreePath): readonly ByteString[];
  /** What `path` leads to in the end. */
  stat(path: TreePath): { readonly kind: string; readonly sizeBytes: number } | undefined;
  /** The target of the symlink that `path` itself is; undefined where it is none. */
  linkTarget(path: TreePath): ByteString | undefined;
  /** Writes a file whole, with the directories it lies in. `mode` is for a new file. */
  write(path: TreePath, content: Uint8Array, mode: number): void;
  /** Removes what has this name, never what a symlink leads to; a directory with all it holds. */
  remove(path: TreePath): void;
}

/** A part of a disk that can be used as a block device until it is disposed of. */
export interface AttachedPart extends AsyncDisposable {
  readonly device: string;
  /** Writes what was written to the device into the disk, for those who read and write there by another way. */
  sync(): void;
}

/** A device that lies on another one. */
export type DeviceUser =
  | { readonly kind: "array"; readonly device: string; readonly isRunning: boolean }
  /** One of the device mapper. */
  | { readonly kind: "mapped"; readonly name: string; readonly device: string };

/** What building a disk needs of this host. Every call ends with an error once its signal is aborted. */
export interface DiskPorts {
  /** Runs a program and gives what it wrote to standard output. */
  run(command: ToolCommand, signal?: AbortSignal): Promise<string>;
  /** Makes the bytes of a file or device from an offset on a block device. It goes with this process, at the latest. */
  attach(path: string, offsetBytes: number, sizeBytes: number, signal?: AbortSignal): Promise<AttachedPart>;
  /** What the kernel holds a device for. */
  usersOf(device: string): readonly DeviceUser[];
  /** The devices that {@link attach} made of a file or device and that something still holds, and the kernel's own partitions of it. */
  attachedTo(path: string): readonly string[];
  /** Keeps udev from looking at a device until it is disposed of: udev puts arrays and groups together as soon as it sees their members. */
  keepFromUdev(device: string, signal?: AbortSignal): Promise<Disposable>;
  /** Makes the kernel forget the partitions that it knows of a disk; nothing on the disk changes. */
  forgetPartitions(device: string, signal?: AbortSignal): Promise<void>;
  /** The name of an array that is not there: `/dev/md127`. */
  freeArray(): string;
  /** Mounts a block device until it is disposed of. */
  mount(
    device: string,
    directory: string,
    type: string,
    options: readonly string[],
    signal?: AbortSignal,
  ): Promise<AsyncDisposable>;
  /** Unmounts what an earlier process left at a directory and below it. */
  unmountBelow(directory: string): Promise<void>;
  openTree(directory: string): TreeFiles & Disposable;
  readonly files: HostFiles;
}

/** Files of this host: those that a build works with, never those of a tree. */
export interface HostFiles {
  isBlockDevice(path: string): boolean;
  /** Makes a file of `sizeBytes` zeros that takes no room, or gives the one that is there this size. */
  allocate(path: string, sizeBytes: number): void;
  makeDirectory(path: string): void;
  sizeOf(path: string): number;
  read(path: string): Uint8Array;
  write(path: string, content: Uint8Array): void;
  /** Writes into an existing file or device. */
  writeAt(path: string, offsetBytes: number, bytes: Uint8Array): void;
  /** Makes what was written to a file or device durable. */
  sync(path: string): void;
  /** Has what others write to a file, which may not be there yet, written out meanwhile, so that {@link sync} has little to wait for; until it is disposed of. */
  writeOutEarly(path: string): AsyncDisposable;
  rename(from: string, to: string): void;
  /** No error if there is none; a directory with all it holds. */
  remove(path: string): void;
}
