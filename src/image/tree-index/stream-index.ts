import { createHash } from "node:crypto";
import type { Manifest, TreeReference } from "../../core/manifest/manifest.ts";
import { streamsOf } from "../../core/manifest/trees.ts";
import { byteStringFromText, type TreePath } from "../../core/tree/byte-string.ts";
import type { Entry, Piece } from "../../core/tree/entry.ts";
import { isAtOrBelow } from "../../core/tree/walk-order.ts";
import type { ChunkIndex } from "../chunk-index/chunk-index.ts";
import { cutParameters } from "../chunker/cut.ts";
import { FormatInvalidError, StreamNotFoundError } from "../errors.ts";
import { ByteWriter } from "../format/byte-writer.ts";
import { noMetadata, writeBody, writeChunkPiece, writeHolePiece, writeMetadata } from "../format/record.ts";
import type { ChunkSource } from "../store/chunk-source.ts";
import type { PackWriter } from "../store/pack-writer.ts";
import { readTree } from "./tree-index-reader.ts";
import { TreeIndexWriter } from "./tree-index-writer.ts";

const { spanBytes } = cutParameters;

/** The place of a span of a stream in the index (section 2.8). */
function spanPath(name: string, span: number): TreePath {
  return byteStringFromText(`${name}/${span.toString(16).padStart(8, "0")}`);
}

/** Writes the index of an image's streams, one stream after the other, ascending by name. */
export class StreamIndexWriter {
  readonly #tree: TreeIndexWriter;
  readonly #out = new ByteWriter();
  #name = "";
  #spans = 0;
  #digest = createHash("sha256");

  constructor(packs: Pick<PackWriter, "add">, index: Pick<ChunkIndex, "has">) {
    this.#tree = new TreeIndexWriter(packs, index);
  }

  async begin(name: string): Promise<void> {
    if (this.#name === "") await this.#tree.add("" as TreePath, this.#directory());
    await this.#tree.add(byteStringFromText(name), this.#directory());
    [this.#name, this.#spans, this.#digest] = [name, 0, createHash("sha256")];
  }

  /** Adds the next span: its `pieces` as records have them. All spans but the last of a stream have the length of a span. */
  async addSpan(pieces: Uint8Array, lengthBytes: number): Promise<void> {
    this.#digest.update(pieces);
    this.#out.reset();
    writeMetadata(this.#out, "file", noMetadata);
    this.#out.varint(lengthBytes);
    this.#out.bytes(pieces);
    await this.#tree.add(spanPath(this.#name, this.#spans++), this.#out.take());
  }

  /** The digest of the stream that was begun last. */
  endStream(): string {
    return this.#digest.digest("hex");
  }

  /** Ends the index. The packs are not flushed. */
  end(): Promise<TreeReference> {
    return this.#tree.end();
  }

  #directory(): Uint8Array {
    this.#out.reset();
    writeBody(this.#out, { ...noMetadata, kind: "directory" });
    return this.#out.take();
  }
}

/** A stretch of a stream. */
export type StreamPiece = Piece & { readonly offset: number };

/**
 * Reads the pieces of a stream in order; they fill its size. What they say is held against the manifest, at the end its digest too.
 *
 * @throws {StreamNotFoundError} @throws {FormatInvalidError} @throws {ObjectMissingError} @throws {ObjectDamagedError}
 */
export async function* readStream(
  chunks: Pick<ChunkSource, "readChunk">,
  manifest: Manifest,
  name: string,
): AsyncGenerator<StreamPiece, void, undefined> {
  const stream = streamsOf(manifest).find((candidate) => candidate.name === name);
  const { streams } = manifest.tail;
  if (stream === undefined || streams === undefined)
    throw new StreamNotFoundError(
      name,
      streamsOf(manifest).map((other) => other.name),
    );
  const path = byteStringFromText(name);
  const digest = createHash("sha256");
  const out = new ByteWriter();
  let offset = 0;
  let span = 0;
  for await (const entry of readTree(chunks, streams.index, path)) {
    if (entry.path === path || !isAtOrBelow(entry.path, path)) continue;
    const expectedBytes = Math.min(spanBytes, stream.sizeBytes - offset);
    if (!isSpan(entry, spanPath(name, span++), expectedBytes)) throw invalid(name, "its spans do not fill its size");
    out.reset();
    for (const piece of entry.pieces) {
      if (piece.kind === "hole") writeHolePiece(out, piece.lengthBytes);
      else writeChunkPiece(out, Buffer.from(piece.id, "hex"), piece.lengthBytes);
      yield { ...piece, offset };
      offset += piece.lengthBytes;
    }
    digest.update(out.take());
  }
  if (offset !== stream.sizeBytes) throw invalid(name, "its spans do not fill its size");
  if (digest.digest("hex") !== stream.digest) throw invalid(name, "its digest is not that of its pieces");
}

function isSpan(entry: Entry, path: TreePath, sizeBytes: number): entry is Entry & { readonly kind: "file" } {
  return entry.kind === "file" && entry.path === path && sizeBytes > 0 && entry.sizeBytes === sizeBytes;
}

function invalid(name: string, what: string): FormatInvalidError {
  return new FormatInvalidError(`the stream "${name}"`, what);
}
