import { createHash } from "node:crypto";
import type { Manifest, ManifestHead } from "../../../core/manifest/manifest.ts";
import type { BlockLocation } from "../../../image/chunk-index/chunk-index.ts";
import { ObjectMissingError } from "../../../image/errors.ts";
import { encodeManifestHead } from "../../../image/format/manifest-object.ts";
import { readSegment } from "../../../image/format/segment.ts";
import type { ImageId } from "../../../image/store/image-names.ts";
import type { ImageStore } from "../../../image/store/image-store.ts";
import { readTopTable } from "../../../image/tree-index/tree-index-reader.ts";
import { growingBlocks, growingBound } from "../wire/frame-ranges.ts";
import { FooterReader } from "./footer-reader.ts";
import { PartWriter } from "./part-writer.ts";
import type { PlannedFrames } from "./plan-frames.ts";

const mostWaiting = 64;

/**
 * The frames of a growing session (section 3.4): made while a capture goes on, from the segments that it finishes.
 *
 * Invariants: a part names only what is durable in the store; what parts hold follows from the image alone, not from when
 * they were made. Memory: the parts, as for an image that is there, and at most 64 segments that wait, of some 256 KiB each.
 */
export class GrowingFrames implements PlannedFrames {
  readonly isGrowing = true;
  readonly firstBlock: number = growingBlocks;
  readonly bound: number = growingBound;
  /** The first one is the head: it may be there later than others. */
  readonly indexParts: (Buffer | undefined)[] = [undefined];
  readonly blocks: BlockLocation[] = [];
  readonly #store: ImageStore;
  readonly #footers: FooterReader;
  readonly #known = new Set<number>();
  readonly #waiting: Buffer[] = [];
  #advancing: Promise<void> = Promise.resolve();
  /** Told when frames have come into being. */
  onGrown: () => void = () => undefined;

  constructor(store: ImageStore) {
    this.#store = store;
    this.#footers = new FooterReader(store);
  }

  /** Says which image it is that is coming; both counts are estimates. */
  announce(head: ManifestHead, { entries, bytes }: { readonly entries: number; readonly bytes: number }): void {
    const parts = new PartWriter();
    parts.add({ kind: "head", totalEntries: entries, totalBytes: bytes, bytes: encodeManifestHead(head) });
    this.indexParts[0] = parts.end()[0];
    this.onGrown();
  }

  /**
   * Takes the next segment of the tree index, which is copied. Resolves at once, or when there is room for more.
   *
   * @param flush Makes all chunks durable that segments up to here name.
   */
  async add(segment: Uint8Array, flush: () => Promise<void>): Promise<void> {
    this.#waiting.push(Buffer.from(segment));
    await this.advance();
    if (this.#waiting.length < mostWaiting) return;
    await flush();
    await this.advance();
  }

  /** Makes frames of the segments that wait, as far as the store has what they name. @throws {ObjectDamagedError} */
  advance(): Promise<void> {
    this.#advancing = this.#advancing.then(() => this.#makeParts());
    return this.#advancing;
  }

  /** The image is in the store, under its name: makes the tail, which nobody is told of yet. @throws {ObjectMissingError} @throws {ObjectDamagedError} */
  async end(image: ImageId, manifest: Manifest): Promise<void> {
    await this.advance();
    const bytes = await this.#store.blobs.get(`images/${image}`);
    if (bytes === undefined || this.#waiting.length > 0) throw new ObjectMissingError(`images/${image}`);
    const parts = new PartWriter();
    for (const { id, lengthBytes } of manifest.tail.tree.table)
      parts.add({ kind: "chunk", bytes: await this.#store.chunks.readChunk(id, lengthBytes) });
    parts.add({ kind: "manifest", bytes });
    this.indexParts.push(...parts.end());
  }

  /** Makes all frames of an image that was captured before. @throws {ObjectMissingError} @throws {ObjectDamagedError} */
  async replay(image: ImageId, manifest: Manifest): Promise<void> {
    const { head, tail } = manifest;
    this.announce(head, tail.counts);
    for (const { id, lengthBytes } of await readTopTable(this.#store.chunks, tail.tree))
      await this.add(await this.#store.chunks.readChunk(id, lengthBytes), () => Promise.resolve());
    await this.end(image, manifest);
  }

  /** Of all parts but the head, whose estimates may be others another time. */
  digest(): string {
    const digest = createHash("sha256");
    for (const part of this.indexParts.slice(1))
      digest.update(
        createHash("sha256")
          .update(part ?? Buffer.alloc(0))
          .digest(),
      );
    return digest.digest("hex");
  }

  async #makeParts(): Promise<void> {
    const before = this.indexParts.length;
    for (let segment = this.#waiting[0]; segment !== undefined; segment = this.#waiting[0]) {
      const needed = this.#blocksOf(segment);
      if (needed === undefined) break;
      const parts = new PartWriter();
      for (const block of needed) parts.addBlock(await this.#footers.entryOf(block));
      parts.add({ kind: "segment", bytes: segment });
      for (const { block } of needed) this.#known.add(block);
      this.blocks.push(...needed);
      this.indexParts.push(...parts.end());
      this.#waiting.shift();
    }
    if (this.indexParts.length > before) this.onGrown();
  }

  /** The blocks that a segment is the first to need; undefined while the store has not all of its chunks. */
  #blocksOf(segment: Buffer): BlockLocation[] | undefined {
    const found = new Map<number, BlockLocation>();
    for (const entry of readSegment(segment, "a segment of the capture")) {
      if (entry.kind !== "file") continue;
      for (const piece of entry.pieces) {
        if (piece.kind !== "chunk") continue;
        const location = this.#store.index.find(Buffer.from(piece.id, "hex"));
        if (location === undefined) return undefined;
        const { block } = location;
        if (!this.#known.has(block) && !found.has(block)) found.set(block, this.#store.chunks.block(block));
      }
    }
    return [...found.values()];
  }
}
