import type { ByteString } from "../../core/tree/byte-string.ts";
import type { EntryMetadata, Piece } from "../../core/tree/entry.ts";
import type { FileDescriptor, TreeReader } from "../../core/tree/tree-reader.ts";
import { sha256 } from "../../image/chunker/decode-block.ts";
import { limits } from "../../image/format/limits.ts";
import { compareMetadata, type Aspect } from "./difference.ts";

/** A file, or part of one from `start` on, to be held against what an image says of it. */
export interface FileCheck {
  readonly directory: FileDescriptor;
  readonly name: ByteString;
  readonly start: number;
  readonly pieces: readonly Piece[];
  /** Given with the first part: compared too. */
  readonly whole: { readonly sizeBytes: number; readonly metadata: EntryMetadata } | undefined;
  /** Read from the device, not from the cache. */
  readonly fromDevice: boolean;
}

/** A request to a compare worker. */
export interface FileCheckBatch {
  readonly checks: readonly FileCheck[];
}

/** How a file differs; `message` where it could not be read. */
export interface FileCheckResult {
  readonly aspects: readonly Aspect[];
  readonly message?: string;
}

/** Each open file takes a descriptor, of which a process has a thousand at least. */
const openAtOnce = 128;

/** Reads files of a target and holds them against an image, chunk by chunk: a synchronous loop in a worker thread. */
export class FileChecker {
  readonly #tree: TreeReader;
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(limits.chunkBytes);

  constructor(tree: TreeReader) {
    this.#tree = tree;
  }

  checkBatch({ checks }: FileCheckBatch): FileCheckResult[] {
    const results: FileCheckResult[] = [];
    for (let first = 0; first < checks.length; first += openAtOnce) {
      // Many small files that are not in the cache cost as many waits; so the device has all of them to read at once.
      const some = checks.slice(first, first + openAtOnce).map((check) => ({ check, opened: this.#open(check) }));
      for (const { check, opened } of some) results.push(this.#result(check, opened));
    }
    return results;
  }

  #open(check: FileCheck): FileDescriptor | Error {
    const tree = this.#tree;
    try {
      const file = tree.openFile(check.directory, check.name);
      if (check.fromDevice) tree.dropFromCache(file);
      const length = check.pieces.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
      if (length > 0) tree.readAhead(file, check.start, length);
      return file;
    } catch (error) {
      return error as Error;
    }
  }

  #result(check: FileCheck, opened: FileDescriptor | Error): FileCheckResult {
    if (opened instanceof Error) return { aspects: ["content"], message: opened.message };
    try {
      return { aspects: this.#check(check, opened) };
    } catch (error) {
      return { aspects: ["content"], message: (error as Error).message };
    }
  }

  #check(check: FileCheck, file: FileDescriptor): Aspect[] {
    const tree = this.#tree;
    try {
      const stat = tree.statOpen(file);
      if (stat.kind !== "file") return ["kind"];
      const aspects = check.whole
        ? compareMetadata(
            check.whole.metadata,
            { ...stat, flags: tree.readFlags(file), xattrs: tree.readXattrsOpen(file) },
            false,
          )
        : [];
      const sizeFits = check.whole === undefined || check.whole.sizeBytes === stat.sizeBytes;
      return sizeFits && this.#hasPieces(file, check) ? aspects : ["content", ...aspects];
    } finally {
      tree.close(file);
    }
  }

  #hasPieces(file: FileDescriptor, { pieces, start }: FileCheck): boolean {
    let position = start;
    return pieces.every((piece) => {
      const end = position + piece.lengthBytes;
      const equal = piece.kind === "hole" ? this.#isZero(file, position, end) : this.#hasChunk(file, position, piece);
      position = end;
      return equal;
    });
  }

  #hasChunk(file: FileDescriptor, position: number, piece: Piece & { kind: "chunk" }): boolean {
    const bytes = this.#buffer.subarray(0, piece.lengthBytes);
    return this.#readFully(file, bytes, position) && sha256(bytes).toString("hex") === piece.id;
  }

  /** Says whether a range reads as zeros; holes in it are not read. */
  #isZero(file: FileDescriptor, from: number, end: number): boolean {
    for (let at = from; at < end;) {
      const data = this.#tree.seekData(file, at);
      if (data < 0 || data >= end) return true;
      const bytes = this.#buffer.subarray(0, Math.min(this.#buffer.length, end - data));
      if (!this.#readFully(file, bytes, data) || bytes.some((byte) => byte !== 0)) return false;
      at = data + bytes.length;
    }
    return true;
  }

  #readFully(file: FileDescriptor, into: Buffer, position: number): boolean {
    for (let read = 0; read < into.length;) {
      const count = this.#tree.read(file, into, read, into.length - read, position + read);
      if (count === 0) return false;
      read += count;
    }
    return true;
  }
}
