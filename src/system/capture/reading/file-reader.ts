import { RehomeError } from "../../../core/errors.ts";
import { removeOwnerShift } from "../../../core/tree/owner-shift.ts";
import type { SecretKind } from "../../../core/manifest/manifest.ts";
import type { FileDescriptor, InodeStat, TreeReader } from "../../../core/tree/tree-reader.ts";
import type { BlockBuilder } from "../../../image/chunker/block-builder.ts";
import type { ClaimTable } from "../../../image/chunker/claim-table.ts";
import { cutParameters, findCut } from "../../../image/chunker/cut.ts";
import { sha256Into } from "../../../image/chunker/decode-block.ts";
import type { ChunkIndex } from "../../../image/chunk-index/chunk-index.ts";
import { ByteWriter } from "../../../image/format/byte-writer.ts";
import { writeChunkPiece, writeHolePiece, writeMetadata } from "../../../image/format/record.ts";
import { recogniseContent } from "../secrets/recognise-content.ts";
import {
  looksUnchanged,
  type FileBatch,
  type FileBatchResult,
  type FileItem,
  type FileOutcome,
  type StreamItem,
} from "./file-batch.ts";

const treeFailures: ReadonlySet<string> = new Set(["SYSTEM_CALL", "NO_SPACE", "NOT_PERMITTED"]);
const readings = 4;
const windowBytes = 4 * cutParameters.maxBytes;
/** What of a stream is a hole is decided for stretches of this length (section 2.8 of the format). */
const zeroBytes = 65_536;

/** What a file reader works with. */
export interface FileReaderParts {
  readonly tree: TreeReader;
  readonly claims: ClaimTable;
  readonly known: Pick<ChunkIndex, "has">;
  /** The store had no chunks when the capture began: then only what claims have forgotten is looked for. */
  readonly storeWasEmpty: boolean;
  readonly blocks: BlockBuilder;
  readonly ownerShift: number;
  /** Leave out the contents of whole files that look like a secret. */
  readonly redact: boolean;
  readonly isVanished: (error: unknown) => boolean;
}

/**
 * Reads files into chunks and bodies of records: one plain synchronous loop in a worker thread.
 *
 * Invariants: `out` holds the bytes of finished items, then of the item under way; what was read of a file becomes part of a
 * block only once those very bytes were looked at for secrets, however the file changes meanwhile.
 */
export class FileReader {
  readonly #parts: FileReaderParts;
  readonly #out = new ByteWriter(256 * 1024);
  /** Of the chunk in hand. */
  readonly #id = Buffer.alloc(32);
  readonly #window: Buffer = Buffer.allocUnsafeSlow(windowBytes);
  readonly #stretch: Buffer = Buffer.allocUnsafeSlow(zeroBytes);
  readonly #zeros: Buffer = Buffer.alloc(zeroBytes);
  /** The next chunk is the first of a file that may be a secret. */
  #isToBeLookedAt = false;
  #secret: SecretKind | undefined;

  constructor(parts: FileReaderParts) {
    this.#parts = parts;
  }

  readBatch(batch: FileBatch): FileBatchResult {
    this.#out.reset();
    const outcomes = batch.items.map((item) => this.#readItem(item));
    return { outcomes, bytes: Uint8Array.prototype.slice.call(this.#out.view()), blocks: this.#parts.blocks.take() };
  }

  #readItem(item: FileItem | StreamItem): FileOutcome {
    const start = this.#out.length;
    this.#secret = undefined;
    this.#isToBeLookedAt = false;
    let file: FileDescriptor | undefined;
    try {
      if (item.part === "stream") return this.#readStream(item);
      file = this.#parts.tree.openFile(item.directory, item.name);
      if (item.part === "data") return this.#readData(file, item, start);
      return item.part === "whole" ? this.#readWhole(file, item, start) : this.#readEmpty(file, item, start);
    } catch (error) {
      this.#out.truncate(start);
      if (this.#parts.isVanished(error)) return { kind: "vanished", end: start };
      // What fails for another reason than the tree, such as the index of chunks, must not cost an image its files.
      if (!(error instanceof RehomeError) || !treeFailures.has(error.code)) throw error;
      return { kind: "unreadable", end: start, message: error.message };
    } finally {
      if (file !== undefined) this.#parts.tree.close(file);
    }
  }

  #readWhole(file: FileDescriptor, item: FileItem, start: number): FileOutcome {
    for (let reading = 1; ; reading++) {
      this.#out.truncate(start);
      const stat = this.#parts.tree.statOpen(file);
      if (stat.kind !== "file") return { kind: "vanished", end: start };
      if (stat.sizeBytes > cutParameters.spanBytes) return { kind: "grown", end: start };
      this.#secret = undefined;
      this.#isToBeLookedAt = this.#parts.redact;
      const outsideRange = this.#writeHead(file, stat, stat.sizeBytes);
      const read = this.#readPieces(file, stat.sizeBytes);
      const secret: SecretKind | undefined = this.#secret;
      if (secret !== undefined) {
        this.#out.truncate(start);
        this.#writeHead(file, stat, 0);
      }
      const stable = looksUnchanged(stat, this.#parts.tree.statOpen(file));
      if (stable || reading === readings)
        return {
          kind: "read",
          end: this.#out.length,
          asWalked: stable && looksUnchanged(stat, item.stat),
          unstable: !stable,
          dataBytes: secret === undefined ? read : 0,
          outsideRange,
          ...(secret !== undefined && { secret }),
        };
    }
  }

  #readEmpty(file: FileDescriptor, item: FileItem, start: number): FileOutcome {
    const stat = this.#parts.tree.statOpen(file);
    if (stat.kind !== "file") return { kind: "vanished", end: start };
    const outsideRange = this.#writeHead(file, stat, 0);
    const asWalked = looksUnchanged(stat, item.stat);
    return { kind: "read", end: this.#out.length, asWalked, unstable: false, dataBytes: 0, outsideRange };
  }

  #writeHead(file: FileDescriptor, stat: InodeStat, sizeBytes: number): boolean {
    const { tree, ownerShift } = this.#parts;
    const metadata = { ...stat, flags: tree.readFlags(file), xattrs: tree.readXattrsOpen(file) };
    const shifted = removeOwnerShift(metadata, ownerShift);
    writeMetadata(this.#out, "file", shifted.metadata);
    this.#out.varint(sizeBytes);
    return shifted.outside;
  }

  #readData(file: FileDescriptor, item: FileItem & { part: "data" }, start: number): FileOutcome {
    const end = item.offset + item.lengthBytes;
    const read = this.#readExtent(file, item.offset, end);
    if (read < item.lengthBytes) writeHolePiece(this.#out, item.lengthBytes - read);
    const asWalked = read === item.lengthBytes && looksUnchanged(this.#parts.tree.statOpen(file), item.stat);
    if (this.#out.length === start) return { kind: "vanished", end: start };
    return { kind: "read", end: this.#out.length, asWalked, unstable: false, dataBytes: read, outsideRange: false };
  }

  /** Writes the pieces of a span of a stream: zeros become holes, wherever they come from. */
  #readStream({ file, offset, lengthBytes }: StreamItem): FileOutcome {
    const end = offset + lengthBytes;
    let dataBytes = 0;
    for (let at = offset; at < end;) {
      const isZero = this.#isZero(file, at, end);
      let stop = Math.min(end, at + zeroBytes);
      while (stop < end && this.#isZero(file, stop, end) === isZero) stop = Math.min(end, stop + zeroBytes);
      if (isZero) writeHolePiece(this.#out, stop - at);
      else if (this.#readExtent(file, at, stop) < stop - at)
        return { kind: "unreadable", end: this.#out.length, message: "it has become shorter" };
      else dataBytes += stop - at;
      at = stop;
    }
    return { kind: "read", end: this.#out.length, asWalked: true, unstable: false, dataBytes, outsideRange: false };
  }

  #isZero(file: FileDescriptor, at: number, end: number): boolean {
    const length = Math.min(zeroBytes, end - at);
    const read = this.#readFully(file, this.#stretch, 0, length, at);
    return read === length && this.#stretch.compare(this.#zeros, 0, length, 0, length) === 0;
  }

  /** Writes the pieces of `sizeBytes` of content; what the file turns out not to have any more is written as a hole. */
  #readPieces(file: FileDescriptor, sizeBytes: number): number {
    const { tree } = this.#parts;
    // What is allocated tells nothing: attributes take blocks too, and room may be kept beyond the end.
    if (sizeBytes === 0 || tree.seekHole(file, 0) >= sizeBytes) {
      const read = this.#readExtent(file, 0, sizeBytes);
      if (read < sizeBytes) writeHolePiece(this.#out, sizeBytes - read);
      return read;
    }
    let dataBytes = 0;
    for (let at = 0; at < sizeBytes;) {
      const data = tree.seekData(file, at);
      const start = data < 0 ? sizeBytes : Math.min(data, sizeBytes);
      if (start > at) writeHolePiece(this.#out, start - at);
      if (start === sizeBytes) break;
      const end = Math.min(tree.seekHole(file, start), sizeBytes);
      const read = this.#readExtent(file, start, end);
      dataBytes += read;
      if (start + read < end) {
        writeHolePiece(this.#out, sizeBytes - start - read);
        break;
      }
      at = end;
    }
    return dataBytes;
  }

  /** Writes the chunks of an extent and returns how many bytes it still had. */
  #readExtent(file: FileDescriptor, start: number, end: number): number {
    const { blocks } = this.#parts;
    if (end - start <= cutParameters.minBytes) {
      const room = blocks.room();
      const read = this.#readFully(file, room, 0, end - start, start);
      if (read > 0) this.#takeChunk(room.subarray(0, read), true);
      return read;
    }
    const window = this.#window;
    let position = start;
    let from = 0;
    let have = 0;
    for (;;) {
      if (have - from < cutParameters.maxBytes && position < end) {
        window.copyWithin(0, from, have);
        have -= from;
        from = 0;
        const read = this.#readFully(file, window, have, Math.min(windowBytes - have, end - position), position);
        if (read === 0) end = position;
        position += read;
        have += read;
      }
      if (from === have) return position - start;
      const cut = findCut(window, from, have);
      this.#takeChunk(window.subarray(from, cut), false);
      from = cut;
    }
  }

  #takeChunk(chunk: Buffer, inPlace: boolean): void {
    const { claims, known, storeWasEmpty, blocks } = this.#parts;
    if (this.#isToBeLookedAt) this.#secret = recogniseContent(chunk);
    this.#isToBeLookedAt = false;
    if (this.#secret !== undefined) return;
    const id = this.#id;
    sha256Into(chunk, id);
    writeChunkPiece(this.#out, id, chunk.length);
    if (!claims.claim(id) || ((!storeWasEmpty || claims.overflowed) && known.has(id))) return;
    if (!inPlace) blocks.room().set(chunk);
    blocks.add(id, chunk.length);
  }

  /** Reads `length` bytes, or less only where the file ends. */
  #readFully(file: FileDescriptor, into: Buffer, offset: number, length: number, position: number): number {
    let read = 0;
    while (read < length) {
      const count = this.#parts.tree.read(file, into, offset + read, length - read, position + read);
      if (count === 0) break;
      read += count;
    }
    return read;
  }
}
