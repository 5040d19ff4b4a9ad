import { constants } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, unlink } from "node:fs/promises";

/** The few file operations of a directory store, apart so that tests can put a layer below that forgets what was not synced. */
export interface DurableFiles {
  /** Makes a directory and those above it (mode 0700); no error if it is there. Durable on return. */
  makeDirectory(path: string): Promise<void>;
  /** Creates a new file of mode 0600 with these bytes and syncs it. Its name is not durable yet. */
  createSynced(path: string, parts: readonly Uint8Array[]): Promise<void>;
  /** Gives a file a second name; false if that is taken. */
  link(from: string, to: string): Promise<boolean>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** No error if there is none. */
  unlink(path: string): Promise<void>;
  /** Undefined if there is none. */
  read(path: string, offset: number, lengthBytes: number): Promise<Buffer | undefined>;
  /** Names and kinds in a directory; empty if there is none. */
  readDirectory(path: string): Promise<readonly { readonly name: string; readonly isDirectory: boolean }[]>;
  /** Undefined if there is none. */
  stat(path: string): Promise<{ readonly sizeBytes: number; readonly mtimeMs: number } | undefined>;
}

const smallBytes = 16 * 1024 * 1024;

/** {@link DurableFiles} on a real file system. */
export const realDurableFiles: DurableFiles = {
  async makeDirectory(path) {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    for (let made = path; made.length >= first.length; made = parentOf(made))
      await realDurableFiles.syncDirectory(parentOf(made));
  },
  async createSynced(path, parts) {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      for (let at = 0; at < parts.length; at += 512) await writeAll(file, parts.slice(at, at + 512));
      await file.datasync();
    } finally {
      await file.close();
    }
  },
  async link(from, to) {
    try {
      await link(from, to);
      return true;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EEXIST") return false;
      if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
    }
    // A file system without hard links (FAT, exFAT): objects are named by content, so a lost race costs nothing.
    if ((await realDurableFiles.stat(to)) !== undefined) return false;
    await rename(from, to);
    return true;
  },
  async syncDirectory(path) {
    const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
  unlink: (path) => absentIsUndefined(unlink(path)),
  async read(path, offset, lengthBytes) {
    const file = await absentIsUndefined(open(path, constants.O_RDONLY | constants.O_NOFOLLOW));
    if (file === undefined) return undefined;
    try {
      // Of a part that is no more than some blocks it is enough to see where reading ends.
      const size = offset >= 0 && lengthBytes <= smallBytes ? offset + lengthBytes : (await file.stat()).size;
      const start = offset < 0 ? Math.max(0, size + offset) : Math.min(offset, size);
      const into = Buffer.allocUnsafeSlow(Math.min(lengthBytes, size - start));
      let read = 0;
      while (read < into.length) {
        const { bytesRead } = await file.read(into, read, into.length - read, start + read);
        if (bytesRead === 0) break;
        read += bytesRead;
      }
      return into.subarray(0, read);
    } finally {
      await file.close();
    }
  },
  async readDirectory(path) {
    const found = (await absentIsUndefined(readdir(path, { withFileTypes: true }))) ?? [];
    return found.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }));
  },
  async stat(path) {
    const found = await absentIsUndefined(lstat(path));
    return found?.isFile() ? { sizeBytes: found.size, mtimeMs: found.mtimeMs } : undefined;
  },
};

async function writeAll(file: Awaited<ReturnType<typeof open>>, parts: readonly Uint8Array[]): Promise<void> {
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const { bytesWritten } = await file.writev(parts);
  if (bytesWritten === sizeBytes) return;
  const rest = Buffer.concat(parts).subarray(bytesWritten);
  for (let written = 0; written < rest.length;)
    written += (await file.write(rest, written, rest.length - written)).bytesWritten;
}

async function absentIsUndefined<Result>(operation: Promise<Result>): Promise<Result | undefined> {
  try {
    return await operation;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

function parentOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at <= 0 ? "/" : path.slice(0, at);
}
