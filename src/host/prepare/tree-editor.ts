import { fsyncSync } from "node:fs";
import { displayBytes, type ByteString, type TreePath } from "../../core/tree/byte-string.ts";
import { restorableFlags, type EntryMetadata } from "../../core/tree/entry.ts";
import type { FileDescriptor } from "../../core/tree/tree-reader.ts";
import type { TreeEditor } from "../../system/prepare/ports.ts";
import { openInRoot } from "../facts/openat2.ts";
import { openPlace, openRegularFile, readFully } from "../facts/open-regular-file.ts";
import { openRootedFiles } from "../facts/rooted-files.ts";
import { syncFileSystem } from "../file-systems.ts";
import * as libc from "../libc.ts";
import { errnoNameOf, SystemCallError } from "../system-call-error.ts";
import { linuxTreeReader } from "../tree/linux-tree-reader.ts";
import { linuxTreeWriter } from "../tree/linux-tree-writer.ts";

const directoryFlags = libc.O_RDONLY | libc.O_DIRECTORY | libc.O_CLOEXEC;
const protection = restorableFlags.i | restorableFlags.a;
const temporaryName = ".rehome-prepare.new" as ByteString;
const maxNames = 100_000;
const maxCopyBytes = 64 << 20;
const maxLinks = 16;

/** Also reads what is no text. */
interface HostTreeEditor extends TreeEditor {
  readBytes(path: TreePath, maxBytes: number): Uint8Array | undefined;
}

/** A directory that is open, and the one name in it that an operation is about. */
interface Place extends Disposable {
  readonly directory: FileDescriptor;
  readonly name: ByteString;
}

/**
 * The {@link TreeEditor} of a directory of this machine. Every path is resolved by openat2(2) with RESOLVE_IN_ROOT up to its last
 * name, and that one is used by itself in the directory found: no symlink leads out of the tree, and none is written through.
 *
 * @throws {SystemCallError} If `path` is no directory or may not be opened.
 */
export function openTreeEditor(path: string): HostTreeEditor {
  const files = openRootedFiles(path, ({ path: at = "", message }) => editor.onUnusable(at as ByteString, message));
  const { root } = files;
  const reader = linuxTreeReader();
  const writer = linuxTreeWriter(reader);

  function parentOf(at: TreePath, make: boolean): Place | undefined {
    const slash = at.lastIndexOf("/");
    const [parent, name] = [at.slice(0, Math.max(slash, 0)) as TreePath, at.slice(slash + 1) as ByteString];
    if (name === "" || name === "." || name === "..") throw new SystemCallError("change", at, 22);
    const directory = openInRoot(root, parent, directoryFlags) ?? (make ? makeDirectory(parent) : undefined);
    if (directory === undefined) return undefined;
    return { directory, name, [Symbol.dispose]: () => void libc.close(directory) };
  }

  function makeDirectory(at: TreePath): FileDescriptor {
    using place = parentOf(at, true) as Place;
    const made = writer.makeDirectory(place.directory, place.name);
    writer.setOpenMetadata(made, newMetadata(0o755), { exact: false });
    return made;
  }

  /** Where `at` leads when the symlinks that its last name may be are followed inside the tree. */
  function follow(at: TreePath, make: boolean): Place | undefined {
    let current = at;
    for (let links = 0; links < maxLinks; links++) {
      const place = parentOf(current, make);
      if (place === undefined) return undefined;
      const target = linkIn(place);
      if (target === undefined) return place;
      place[Symbol.dispose]();
      const parent = current.slice(0, Math.max(current.lastIndexOf("/"), 0));
      current = (
        target.startsWith("/") ? target.replace(/^\/+/, "") : `${parent}/${target}`.replace(/^\//, "")
      ) as TreePath;
    }
    throw new SystemCallError("follow", at, 40);
  }

  function linkIn({ directory, name }: Place): ByteString | undefined {
    return isKind(directory, name) === "symlink" ? reader.readLink(directory, name) : undefined;
  }

  function isKind(directory: FileDescriptor, name: ByteString): ReturnType<typeof reader.stat>["kind"] | undefined {
    try {
      return reader.stat(directory, name).kind;
    } catch (error) {
      if (errnoNameOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** What is new belongs to whom the tree belongs to: the root of the system, whatever number it has here. */
  function newMetadata(mode: number): EntryMetadata {
    const opened = openInRoot(root, "" as TreePath, directoryFlags);
    if (opened === undefined) throw new SystemCallError("open", "." as ByteString);
    try {
      const { uid, gid } = reader.statOpen(opened);
      return { mode, uid, gid, ...now(), flags: 0, xattrs: [] };
    } finally {
      libc.close(opened);
    }
  }

  function metadataAt(directory: FileDescriptor, name: ByteString, at: TreePath): EntryMetadata | undefined {
    const kind = isKind(directory, name);
    if (kind === undefined) return undefined;
    if (kind !== "file") throw new SystemCallError(`write the ${kind}`, at, 22);
    const file = reader.openFile(directory, name);
    try {
      const { mode, uid, gid } = reader.statOpen(file);
      return { mode, uid, gid, ...now(), flags: reader.readFlags(file), xattrs: reader.readXattrsOpen(file) };
    } finally {
      libc.close(file);
    }
  }

  function write(at: TreePath, content: Uint8Array, mode: number): void {
    using place = follow(at, true) as Place;
    const { directory, name } = place;
    const before = metadataAt(directory, name, at);
    const metadata = before ?? newMetadata(mode);
    const flags = metadata.flags & ~protection;
    writer.remove(directory, temporaryName);
    const file = writer.createFile(directory, temporaryName, flags);
    try {
      writer.write(file, content, 0);
      const losses = writer.setOpenMetadata(file, { ...metadata, flags }, { exact: false });
      // A new file on a file system without owners, such as FAT, has nothing that it could lose.
      for (const { what, why } of before === undefined ? [] : losses)
        editor.onUnusable(at, `${what} could not be kept: ${why}`);
      fsyncSync(file);
      writer.replace(directory, temporaryName, name);
      if (flags !== metadata.flags) writer.setOpenMetadata(file, metadata, { exact: false });
    } finally {
      libc.close(file);
    }
  }

  const editor: HostTreeEditor = {
    onUnusable: () => {},
    read: (at, maxBytes) => files.read(at, maxBytes),
    readBytes: (at, maxBytes) => files.readBytes(at, maxBytes),
    list: (at) => (files.stat(at)?.kind === "directory" ? (files.list(at, maxNames) ?? []) : []),
    stat(at) {
      using place = openPlace(root, at);
      return place?.stat;
    },
    linkTarget(at) {
      using place = parentOf(at, false);
      return place === undefined ? undefined : linkIn(place);
    },
    write,
    copy(from, to) {
      const opened = openRegularFile(root, from);
      if (typeof opened === "string") throw new SystemCallError("copy", from, opened === "missing" ? 2 : 22);
      using source = opened;
      const { sizeBytes, mode } = source.stat;
      if (sizeBytes > maxCopyBytes) throw new SystemCallError("copy", from, 27);
      write(to, readFully(source.file, sizeBytes), mode & 0o777);
    },
    move(from, to) {
      using source = parentOf(from, false);
      if (source === undefined || isKind(source.directory, source.name) === undefined) return;
      using target = parentOf(to, true) as Place;
      const [name, newName] = [libc.cString(source.name), libc.cString(target.name)];
      if (libc.renameat2(source.directory, name, target.directory, newName, 0) < 0)
        throw new SystemCallError("rename", from);
    },
    link(at, target) {
      using place = parentOf(at, true) as Place;
      const { directory, name } = place;
      writer.remove(directory, temporaryName);
      writer.makeSymlink(directory, temporaryName, target);
      const { uid, gid } = newMetadata(0);
      const metadata = { mode: 0o777, uid, gid, ...now(), flags: 0, xattrs: [] };
      writer.setMetadata(directory, temporaryName, true, metadata, { exact: false });
      writer.replace(directory, temporaryName, name);
    },
    remove(at) {
      using place = parentOf(at, false);
      if (place !== undefined) writer.remove(place.directory, place.name);
    },
    sync() {
      const opened = openInRoot(root, "" as TreePath, directoryFlags);
      if (opened === undefined) throw new SystemCallError("open", displayBytes(path as ByteString) as ByteString);
      syncFileSystem(opened);
      libc.close(opened);
    },
    [Symbol.dispose]: () => files[Symbol.dispose](),
  };
  return editor;
}

function now(): { readonly mtimeSec: number; readonly mtimeNsec: number } {
  const milliseconds = Date.now();
  return { mtimeSec: Math.floor(milliseconds / 1000), mtimeNsec: (milliseconds % 1000) * 1_000_000 };
}
