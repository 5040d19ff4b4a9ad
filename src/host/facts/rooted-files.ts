import type { CaptureWarning } from "../../core/manifest/manifest.ts";
import { displayBytes, type ByteString, type TreePath } from "../../core/tree/byte-string.ts";
import type { TreeFiles } from "../../system/facts/index.ts";
import * as libc from "../libc.ts";
import { SystemCallError } from "../system-call-error.ts";
import { openPlace, openRegularFile, readFully } from "./open-regular-file.ts";
import { openInRoot } from "./openat2.ts";

/**
 * The {@link TreeFiles} of a directory of this machine, resolved by openat2(2) with RESOLVE_IN_ROOT. All reads together
 * are bounded, so that many links to one large file cannot keep a reader busy.
 */
export interface RootedFiles extends TreeFiles, Disposable {
  /** The root directory, open with O_PATH. */
  readonly root: number;
  /** As `read`, for what is no text. */
  readBytes(path: TreePath, maxBytes: number): Buffer | undefined;
}

const maxTotalBytes = 2 ** 31;
const namesBytes = 64 * 1024;
/**
 * Opens the directory `path` of this machine as the root of a tree. What is there but cannot be read goes to `warn`.
 *
 * @throws {SystemCallError} If it is no directory or may not be opened.
 */
export function openRootedFiles(path: string, warn: (warning: CaptureWarning) => void): RootedFiles {
  const root = libc.openat(libc.AT_FDCWD, Buffer.from(`${path}\0`), libc.O_PATH | libc.O_DIRECTORY | libc.O_CLOEXEC, 0);
  if (root < 0) throw new SystemCallError("open", Buffer.from(path).toString("latin1") as ByteString);
  let remainingBytes = maxTotalBytes;

  function report(at: TreePath, message: string): undefined {
    warn({ kind: "unreadable", path: displayBytes(at), message });
  }

  function attempt<Result>(at: TreePath, action: () => Result): Result | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      return report(at, error.message);
    }
  }

  function readFile(at: TreePath, sizeToRead: (sizeBytes: number) => number | string): Buffer | undefined {
    return attempt(at, () => {
      const opened = openRegularFile(root, at);
      if (opened === "missing") return undefined;
      if (typeof opened === "string") return report(at, `it is no file but a ${opened}`);
      using handle = opened;
      const sizeBytes = sizeToRead(handle.stat.sizeBytes);
      if (typeof sizeBytes === "string") return report(at, sizeBytes);
      if (sizeBytes > remainingBytes) return report(at, "more is read for facts than may be");
      remainingBytes -= sizeBytes;
      return readFully(handle.file, sizeBytes);
    });
  }

  const readBytes: RootedFiles["readBytes"] = (at, maxBytes) =>
    readFile(at, (size) => (size <= maxBytes ? size : `it has ${size} bytes, more than the ${maxBytes} that are read`));
  const asText = (bytes: Buffer | undefined): ByteString | undefined => bytes?.toString("latin1") as ByteString;

  return {
    root,
    readBytes,
    read: (at, maxBytes) => asText(readBytes(at, maxBytes)),
    readStart: (at, maxBytes) => asText(readFile(at, (size) => Math.min(size, maxBytes))),
    list(at, maxNames) {
      return attempt(at, () => {
        const directory = openInRoot(root, at, libc.O_RDONLY | libc.O_DIRECTORY | libc.O_CLOEXEC);
        if (directory === undefined) return undefined;
        try {
          const names = readNames(directory, maxNames + 1);
          if (names.length > maxNames) report(at, `it holds more than the ${maxNames} names that are read`);
          return names.slice(0, maxNames).toSorted();
        } finally {
          libc.close(directory);
        }
      });
    },
    stat(at) {
      return attempt(at, () => {
        using place = openPlace(root, at);
        return place?.stat;
      });
    },
    [Symbol.dispose]: () => void libc.close(root),
  };
}

function readNames(directory: number, maxNames: number): ByteString[] {
  const names: ByteString[] = [];
  const buffer = Buffer.allocUnsafe(namesBytes);
  while (names.length < maxNames) {
    const length = libc.syscallGetdents(libc.SYS_getdents64, directory, buffer, buffer.length);
    if (length < 0) throw new SystemCallError("list", "an open directory" as ByteString);
    if (length === 0) break;
    for (let at = 0; at < length && names.length < maxNames; at += buffer.readUInt16LE(at + 16)) {
      const name = buffer.toString("latin1", at + 19, buffer.indexOf(0, at + 19));
      if (name !== "." && name !== "..") names.push(name as ByteString);
    }
  }
  return names;
}
