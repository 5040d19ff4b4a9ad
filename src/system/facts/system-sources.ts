import type { CaptureWarning } from "../../core/manifest/manifest.ts";
import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import type { InodeStat } from "../../core/tree/tree-reader.ts";

/**
 * Reads a tree of which nothing is trusted. Paths are resolved as if the root of the tree were the root of the machine,
 * so no symlink in it leads outside, and only regular files are ever opened. What is missing is undefined; what is there
 * but cannot be used (another kind of file, too large, not permitted) is reported to the maker of the port and undefined.
 */
export interface TreeFiles {
  /** The whole content of a regular file of at most `maxBytes`. */
  read(path: TreePath, maxBytes: number): ByteString | undefined;
  /** The first bytes of a regular file of any size, at most `maxBytes`. */
  readStart(path: TreePath, maxBytes: number): ByteString | undefined;
  /** The names in a directory, sorted bytewise, at most `maxNames`. */
  list(path: TreePath, maxNames: number): readonly ByteString[] | undefined;
  /** What `path` leads to in the end. */
  stat(path: TreePath): FileStat | undefined;
}

/** What is asked of a file: its kind, its age, and whether two paths lead to the same one. */
export type FileStat = Pick<InodeStat, "kind" | "mtimeSec" | "inoHigh" | "inoLow" | "deviceMajor" | "deviceMinor">;

/** A file and the digest that its package manager has on record for it. */
export interface RecordedFile {
  readonly path: TreePath;
  readonly algorithm: "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512";
  /** Lower-case hex. */
  readonly digest: string;
  /** Where the package manager records it: another size is a change, without reading. */
  readonly sizeBytes?: number;
  /**
   * Hash it whatever its time. Otherwise it is hashed only when its mtime is not older than `installedSec`: a package
   * manager sets the times that the package brought, which lie before its installation.
   */
  readonly always: boolean;
}

/** What a check of recorded files found. */
export interface ModifiedFiles {
  /** Files that are there with another content, or that something other than a file has taken the place of. */
  readonly modified: readonly TreePath[];
  /** Files that should have been hashed but could not be read, or for which the allowance of bytes was used up. */
  readonly uncheckedCount: number;
}

/** Everything that facts of a tree are read from. */
export interface SystemSources {
  readonly files: TreeFiles;
  /** Compares files with their records; files that are missing are not modified. `installedSec` in seconds of 1970. */
  findModified(
    files: readonly RecordedFile[],
    installedSec: number,
    signal: AbortSignal | undefined,
  ): Promise<ModifiedFiles>;
  /**
   * Asks the rpm of this host for all packages of a copy of the database in `directory` of the tree, in `format`.
   *
   * @throws {ToolFailedError} If this host has no rpm, or it cannot read the database.
   */
  queryRpm(directory: TreePath, format: string, signal: AbortSignal | undefined): Promise<ByteString>;
  /** Takes what could not be read. */
  readonly warn: (warning: CaptureWarning) => void;
  /** The content of a file of this host, outside the tree. */
  readHostFile(path: string, maxBytes: number): ByteString | undefined;
}
