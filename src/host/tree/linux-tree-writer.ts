import type { ByteString } from "../../core/tree/byte-string.ts";
import {
  restorableFlags,
  restorableFlagsMask,
  type EntryMetadata,
  type ExtendedAttribute,
} from "../../core/tree/entry.ts";
import type { FileDescriptor, InodeStat, TreeReader } from "../../core/tree/tree-reader.ts";
import type { MetadataLoss, MetadataOptions, TreeWriter } from "../../core/tree/tree-writer.ts";
import * as libc from "../libc.ts";
import { SystemCallError } from "../system-call-error.ts";

const directoryFlags = libc.O_RDONLY | libc.O_DIRECTORY | libc.O_NOFOLLOW | libc.O_CLOEXEC;
const createFlags = libc.O_RDWR | libc.O_CREAT | libc.O_EXCL | libc.O_NOFOLLOW | libc.O_CLOEXEC;
const formatOfKind = {
  fifo: 0o010000,
  "character-device": 0o020000,
  "block-device": 0o060000,
  socket: 0o140000,
} as const;
const setIdBits = 0o6000;
/** `UTIME_OMIT`: leaves the time of the last access. */
const utimeOmit = 0x3fff_fffe;
const protection = restorableFlags.i | restorableFlags.a;

/** The {@link TreeWriter} of this machine. Each thread makes its own: it owns scratch buffers. */
export function linuxTreeWriter(tree: TreeReader): TreeWriter {
  const times = Buffer.alloc(32);
  times.writeUInt32LE(utimeOmit, 8);
  const word = Buffer.alloc(8);
  /** Seen once: an odd second, or nanoseconds, were kept as they were set. Looking at each time would cost a call an entry. */
  let keepsSeconds = false;
  let keepsNanoseconds = false;

  function fail(call: string, subject: ByteString): never {
    throw new SystemCallError(call, subject);
  }

  function attempt(what: MetadataLoss["what"], subject: ByteString, result: number, losses: MetadataLoss[]): void {
    if (result < 0) losses.push({ what, why: new SystemCallError("set", subject).errnoName });
  }

  /** Sets the mode by `set`. Set-id bits are for the owner of the image; for another they would let others run as him. */
  function setMode(
    subject: ByteString,
    metadata: EntryMetadata,
    set: (mode: number) => number,
    losses: MetadataLoss[],
  ): void {
    const owned = !losses.some(({ what }) => what === "owner");
    const mode = owned ? metadata.mode : metadata.mode & ~setIdBits;
    attempt("mode", subject, set(mode), losses);
    if (mode !== metadata.mode) losses.push({ what: "mode", why: "set-id bits need the owner they are of" });
  }

  /** Sets the time by `set`; what the file system keeps otherwise, without an error, is a loss too. */
  function setTime(
    subject: ByteString,
    metadata: EntryMetadata,
    set: (times: Buffer) => number,
    stat: () => InodeStat,
    losses: MetadataLoss[],
  ): void {
    const result = set(timesOf(metadata));
    attempt("mtime", subject, result, losses);
    const { mtimeSec, mtimeNsec } = metadata;
    const isUsual = mtimeSec >= 0 && mtimeSec < 2 ** 31;
    if (result < 0 || (isUsual && (mtimeNsec === 0 ? keepsSeconds : keepsNanoseconds))) return;
    const kept = stat();
    if (kept.mtimeSec !== mtimeSec || kept.mtimeNsec !== mtimeNsec)
      losses.push({ what: "mtime", why: "the file system cannot hold it" });
    else {
      keepsNanoseconds ||= mtimeNsec !== 0;
      keepsSeconds ||= mtimeNsec !== 0 || mtimeSec % 2 === 1;
    }
  }

  function timesOf(metadata: EntryMetadata): Buffer {
    times.writeUInt32LE(metadata.mtimeSec >>> 0, 16);
    times.writeInt32LE(Math.floor(metadata.mtimeSec / 2 ** 32), 20);
    times.writeUInt32LE(metadata.mtimeNsec, 24);
    return times;
  }

  /** Changes the mode of something that cannot be opened; a symlink put in its place meanwhile is not followed. */
  function changeMode(directory: FileDescriptor, name: Uint8Array, mode: number): number {
    const file = libc.openat(directory, name, libc.O_PATH | libc.O_NOFOLLOW | libc.O_CLOEXEC, 0);
    if (file < 0) return file;
    const result = libc.fchmodat(libc.AT_FDCWD, libc.cString(`/proc/self/fd/${file}`), mode, 0);
    libc.close(file);
    return result;
  }

  function changeFlags(file: FileDescriptor, change: (flags: number) => number): number {
    if (libc.ioctl(file, libc.FS_IOC_GETFLAGS, word) < 0) return -1;
    const before = word.readUInt32LE(0);
    const after = change(before) >>> 0;
    if (before === after) return 0;
    word.writeUInt32LE(after, 0);
    return libc.ioctl(file, libc.FS_IOC_SETFLAGS, word);
  }

  function setXattrs(
    subject: ByteString,
    metadata: EntryMetadata,
    set: (name: Uint8Array, value: Uint8Array) => number,
    losses: MetadataLoss[],
  ): void {
    for (const { name, value } of metadata.xattrs)
      attempt(`xattr ${name}`, subject, set(libc.cString(name), value), losses);
  }

  function removeExtraXattrs(
    present: readonly ExtendedAttribute[],
    metadata: EntryMetadata,
    remove: (name: Uint8Array) => number,
    losses: MetadataLoss[],
  ): void {
    const wanted = new Set(metadata.xattrs.map(({ name }) => name));
    for (const { name } of present)
      if (!wanted.has(name)) attempt(`xattr ${name}`, name, remove(libc.cString(name)), losses);
  }

  function removeAll(directory: FileDescriptor, name: ByteString): void {
    const cName = libc.cString(name);
    if (libc.unlinkat(directory, cName, 0) === 0) return;
    let error = new SystemCallError("remove", name);
    if (error.errnoName === "ENOENT") return;
    if (error.errnoName === "EISDIR" || error.errnoName === "EPERM") {
      const opened = libc.openat(directory, cName, directoryFlags, 0);
      if (opened >= 0) {
        try {
          writer.clearProtection(opened);
          for (const child of tree.readNames(opened)) removeAll(opened, child);
        } finally {
          libc.close(opened);
        }
        if (libc.unlinkat(directory, cName, libc.AT_REMOVEDIR) === 0) return;
      } else {
        const file = libc.openat(
          directory,
          cName,
          libc.O_RDONLY | libc.O_NOFOLLOW | libc.O_NONBLOCK | libc.O_CLOEXEC,
          0,
        );
        if (file >= 0) {
          writer.clearProtection(file);
          libc.close(file);
          if (libc.unlinkat(directory, cName, 0) === 0) return;
        }
      }
      error = new SystemCallError("remove", name);
    }
    throw error;
  }

  const writer: TreeWriter = {
    makeDirectory(directory, name) {
      const cName = libc.cString(name);
      if (libc.mkdirat(directory, cName, 0o700) < 0) fail("make the directory", name);
      const opened = libc.openat(directory, cName, directoryFlags, 0);
      return opened < 0 ? fail("open", name) : opened;
    },
    createFile(directory, name, flags) {
      const file = libc.openat(directory, libc.cString(name), createFlags, 0o600);
      if (file < 0) fail("create", name);
      if ((flags & restorableFlags.C) !== 0) changeFlags(file, (before) => before | restorableFlags.C);
      return file;
    },
    write(file, from, position) {
      for (let written = 0; written < from.length;) {
        const count = libc.pwrite(
          file,
          written === 0 ? from : from.subarray(written),
          from.length - written,
          position + written,
        );
        if (count < 0) fail("write", "an open file" as ByteString);
        written += count;
      }
    },
    truncate(file, sizeBytes) {
      if (libc.ftruncate(file, sizeBytes) < 0) fail("set the size of", "an open file" as ByteString);
    },
    makeSymlink(directory, name, target) {
      if (libc.symlinkat(libc.cString(target), directory, libc.cString(name)) < 0) fail("make the symbolic link", name);
    },
    makeNode(directory, name, kind, major, minor) {
      if (libc.mknodat(directory, libc.cString(name), formatOfKind[kind] | 0o600, deviceNumber(major, minor)) < 0)
        fail(`make the ${kind}`, name);
    },
    link(fromDirectory, fromName, directory, name) {
      const make = (): boolean =>
        libc.linkat(fromDirectory, libc.cString(fromName), directory, libc.cString(name), 0) === 0;
      if (make()) return;
      const error = new SystemCallError("link", name);
      // An immutable or append-only file takes no further name until it is made plain for a moment.
      const file =
        error.errnoName === "EPERM" && tree.stat(fromDirectory, fromName).kind === "file"
          ? tree.openFile(fromDirectory, fromName)
          : -1;
      if (file < 0) throw error;
      try {
        const flags = tree.readFlags(file);
        writer.clearProtection(file);
        const made = make();
        changeFlags(file, (before) => before | (flags & protection));
        if (!made) throw error;
      } finally {
        libc.close(file);
      }
    },
    remove: removeAll,
    replace(directory, name, toName) {
      const [from, to] = [libc.cString(name), libc.cString(toName)];
      if (libc.renameat2(directory, from, directory, to, 0) === 0) return;
      removeAll(directory, toName);
      if (libc.renameat2(directory, from, directory, to, 0) < 0) fail("rename", name);
    },
    setOpenMetadata(file, metadata, options: MetadataOptions) {
      const losses: MetadataLoss[] = [];
      const subject = "an open file" as ByteString;
      if (options.exact) writer.clearProtection(file);
      attempt("owner", subject, libc.fchown(file, metadata.uid, metadata.gid), losses);
      if (options.exact)
        removeExtraXattrs(tree.readXattrsOpen(file), metadata, (extra) => libc.fremovexattr(file, extra), losses);
      setXattrs(subject, metadata, (name, value) => libc.fsetxattr(file, name, value, value.length, 0), losses);
      setMode(subject, metadata, (mode) => libc.fchmod(file, mode), losses);
      setTime(
        subject,
        metadata,
        (into) => libc.futimens(file, into),
        () => tree.statOpen(file),
        losses,
      );
      if (metadata.flags !== 0 || options.exact) {
        const result = changeFlags(file, (before) => (before & ~restorableFlagsMask) | metadata.flags);
        if (metadata.flags !== 0) attempt("flags", subject, result, losses);
      }
      return losses;
    },
    setMetadata(directory, name, isSymlink, metadata, options) {
      const losses: MetadataLoss[] = [];
      const cName = libc.cString(name);
      const path = libc.cString(`/proc/self/fd/${directory}/${name}`);
      attempt(
        "owner",
        name,
        libc.fchownat(directory, cName, metadata.uid, metadata.gid, libc.AT_SYMLINK_NOFOLLOW),
        losses,
      );
      if (options.exact)
        removeExtraXattrs(
          tree.readXattrs(directory, name),
          metadata,
          (extra) => libc.lremovexattr(path, extra),
          losses,
        );
      setXattrs(name, metadata, (attribute, value) => libc.lsetxattr(path, attribute, value, value.length, 0), losses);
      if (!isSymlink) setMode(name, metadata, (mode) => changeMode(directory, cName, mode), losses);
      setTime(
        name,
        metadata,
        (into) => libc.utimensat(directory, cName, into, libc.AT_SYMLINK_NOFOLLOW),
        () => tree.stat(directory, name),
        losses,
      );
      return losses;
    },
    clearProtection(file) {
      changeFlags(file, (before) => before & ~protection);
    },
  };

  return writer;
}

/** `makedev` of the C library: 64 bits, major and minor of 32 bits each, interleaved (sys/sysmacros.h). */
function deviceNumber(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & 0xfff_ff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xfff_fff00n) << 12n) | (low & 0xffn);
}
