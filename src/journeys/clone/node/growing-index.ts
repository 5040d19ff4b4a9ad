import type { Manifest, ManifestHead } from "../../../core/manifest/manifest.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { ChunkId, Entry } from "../../../core/tree/entry.ts";
import { compareInWalkOrder } from "../../../core/tree/walk-order.ts";
import { sha256 } from "../../../image/chunker/decode-block.ts";
import { FormatInvalidError } from "../../../image/errors.ts";
import { decodeManifest, decodeManifestHead } from "../../../image/format/manifest-object.ts";
import { readSegment } from "../../../image/format/segment.ts";
import type { ImageId } from "../../../image/store/image-names.ts";
import { readTopTable, TreeGuard } from "../../../image/tree-index/tree-index-reader.ts";
import { FrameSet } from "../chain/frame-set.ts";
import { growingBlocks, growingBound, type FrameRange } from "../wire/frame-ranges.ts";
import { decodeIndexPart, type IndexItem } from "../wire/index-part.ts";
import type { NodeIndex } from "./node-index.ts";
import type { NodeParts } from "./node-parts.ts";

/** What is known of an image before it is there. */
export interface ComingHead {
  readonly head: ManifestHead;
  /** Estimates. */
  readonly totals: { readonly bytes: number; readonly entries: number };
}

/** An image whose index is complete. */
export interface WholeImage {
  readonly image: ImageId;
  readonly manifest: Manifest;
}

/** What further parts of an index mean for the frames of a hop. */
export interface Growth {
  readonly exist: readonly FrameRange[];
  /** Those that the target needs. */
  readonly needed: FrameSet;
  /** Numbers that there are no frames of, once the tail is there. */
  readonly absent: readonly FrameRange[];
}

/** Which blocks a target takes as they are named: all, those of entries behind a path, those it says, or none for the present. */
export type Appetite = "all" | "none" | { readonly doneUpTo: TreePath } | IsWanted;

/** Says whether a target takes a block, by its frame. */
export type IsWanted = (frame: number) => boolean;

/** What stands for the id of an image that is captured meanwhile. */
export function captureName(session: string, sessionId: Buffer): string {
  return growingPrefix(session) + sessionId.toString("hex");
}

/** The appetite of who has that already. */
export function appetiteOf({ isFresh, doneUpTo }: Pick<NodeParts, "isFresh" | "doneUpTo">, image: string): Appetite {
  if (isFresh(image)) return "all";
  const done = doneUpTo(image);
  return done === undefined ? "none" : { doneUpTo: done };
}

const subject = "the index of the session";

/** What the names of the captures of a session begin with, where an image would have its id. */
export function growingPrefix(session: string): string {
  return `${session}/`;
}

/**
 * The index of a growing session (section 3.4 of the protocol) as a node reads it: part by part, in order.
 *
 * Invariant: what it has given out holds whatever comes after, except that only {@link whole} says that it was all.
 */
export class GrowingIndex {
  readonly #index: NodeIndex;
  readonly #part: (frame: number) => Buffer | undefined;
  #appetite: Appetite;
  readonly #segments: { readonly id: ChunkId; readonly lengthBytes: number }[] = [];
  /** All that was ever said to be needed. */
  readonly #needed = new FrameSet();
  #nextPart = 0;
  #nextBlock = growingBlocks;
  #files = 0;
  #isEnded = false;
  #announced: ComingHead | undefined;
  #news = Promise.withResolvers<void>();
  readonly #head = Promise.withResolvers<ComingHead>();
  readonly #whole = Promise.withResolvers<WholeImage>();
  /** @throws {FormatInvalidError} And what {@link fail} was given. */
  readonly head: Promise<ComingHead> = this.#head.promise;
  /** Once the tail is there and fits what came before. @throws {FormatInvalidError} And what {@link fail} was given. */
  readonly whole: Promise<WholeImage> = this.#whole.promise;

  /** @param part Opened parts whose signature holds, signature and all, as far as they are there. */
  constructor(index: NodeIndex, part: (frame: number) => Buffer | undefined, appetite: Appetite) {
    this.#index = index;
    this.#part = part;
    this.#appetite = appetite;
    // Whoever waits for them hears of a failure; perhaps nobody does yet.
    for (const promise of [this.head, this.whole, this.#news.promise]) promise.catch(() => undefined);
  }

  /** Where blocks end, as far as is known. */
  get endOfBlocks(): number {
    return this.#nextBlock;
  }

  /** Reads the parts that are there and were not read yet. @throws {FormatInvalidError} If they are not as section 3.4 says. */
  advance(): Growth {
    const first = this.#nextBlock;
    const needed = new FrameSet();
    for (let part = this.#part(this.#nextPart); part && !this.#isEnded; part = this.#part(this.#nextPart)) {
      for (const item of decodeIndexPart(part.subarray(64))) this.#take(item, needed);
      if (this.#announced === undefined) throw new FormatInvalidError(subject, "it does not begin with a head");
      this.#nextPart += 1;
    }
    if (this.#appetite === "all") needed.add(first, this.#nextBlock);
    else if (typeof this.#appetite === "function")
      for (const { start, end } of wantedIn({ start: first, end: this.#nextBlock }, this.#appetite).ranges)
        needed.add(start, end);
    for (const { start, end } of needed.ranges) this.#needed.add(start, end);
    this.#wake();
    const absent = [
      { start: this.#nextPart, end: growingBlocks },
      { start: this.#nextBlock, end: growingBound },
    ];
    return { exist: [{ start: first, end: this.#nextBlock }], needed, absent: this.#isEnded ? absent : [] };
  }

  /** Has the target say of each block that is named from now on whether it takes it. Returns those that were named before. */
  ask(isWanted: IsWanted): FrameRange {
    this.#appetite = isWanted;
    return { start: growingBlocks, end: this.#nextBlock };
  }

  /** No more will come, or not the right. */
  fail(error: Error): void {
    this.#head.reject(error);
    this.#whole.reject(error);
    this.#news.reject(error);
  }

  /** The entries of the tree in walk order, as they come. @throws {FormatInvalidError} And what {@link fail} was given. */
  async *entries(): AsyncGenerator<Entry, void, undefined> {
    const guard = new TreeGuard();
    for (let at = 0; ; at++) {
      while (at === this.#segments.length && !this.#isEnded) await this.#news.promise;
      const segment = this.#segments[at];
      if (segment === undefined) break;
      for (const entry of readSegment(this.#index.part(segment.id), `segment ${segment.id}`)) {
        guard.check(entry);
        yield entry;
      }
    }
    guard.end();
  }

  /** The blocks, as they are named. @throws {FormatInvalidError} And what {@link fail} was given. */
  async *blocks(): AsyncGenerator<FrameRange, void, undefined> {
    for (let start = growingBlocks; ;) {
      while (start === this.#nextBlock && !this.#isEnded) await this.#news.promise;
      const end = this.#nextBlock;
      if (start === end) break;
      yield { start, end };
      start = end;
    }
  }

  #take(item: IndexItem, needed: FrameSet): void {
    if (this.#isEnded) throw new FormatInvalidError(subject, "something follows its manifest");
    if ((item.kind === "head") !== (this.#announced === undefined))
      throw new FormatInvalidError(subject, "it has no head, or has it twice");
    switch (item.kind) {
      case "head": {
        const totals = { bytes: item.totalBytes, entries: item.totalEntries };
        this.#announced = { head: decodeManifestHead(item.bytes), totals };
        this.#head.resolve(this.#announced);
        break;
      }
      case "directory":
        if (this.#nextBlock + item.blocks.length > growingBound)
          throw new FormatInvalidError(subject, "it names more blocks than there can be");
        this.#index.addFrames(this.#nextBlock, item.blocks);
        this.#nextBlock += item.blocks.length;
        break;
      case "segment":
        this.#takeSegment(item.bytes, needed);
        break;
      case "chunk":
        this.#index.addPart(item.bytes);
        break;
      default:
        this.#end(Buffer.from(item.bytes));
    }
  }

  #takeSegment(bytes: Uint8Array, needed: FrameSet): void {
    const id = sha256(bytes).toString("hex") as ChunkId;
    const files = [...readSegment(bytes, `segment ${id}`)].filter((entry) => entry.kind === "file");
    this.#index.addPart(bytes);
    this.#index.placeFiles(files, this.#files);
    this.#files += files.length;
    for (const { path, pieces } of files)
      for (const piece of pieces) {
        // One that no directory has named would be waited for for ever.
        const frame = piece.kind === "chunk" ? this.#index.find(piece.id, piece.lengthBytes).block : undefined;
        if (frame !== undefined && this.#isHungryFor(path) && !this.#needed.has(frame)) needed.add(frame);
      }
    this.#segments.push({ id, lengthBytes: bytes.length });
  }

  #isHungryFor(path: TreePath): boolean {
    return typeof this.#appetite === "object" && compareInWalkOrder(path, this.#appetite.doneUpTo) > 0;
  }

  #end(bytes: Buffer): void {
    const image = sha256(bytes).toString("hex") as ImageId;
    const manifest = decodeManifest(bytes, image);
    if (JSON.stringify(manifest.head) !== JSON.stringify(this.#announced?.head))
      throw new FormatInvalidError(subject, "its manifest has another head than was announced");
    if (manifest.tail.streams) throw new FormatInvalidError(subject, "its image has streams");
    this.#index.addPart(bytes);
    this.#isEnded = true;
    this.#compare(manifest).then(
      () => this.#whole.resolve({ image, manifest }),
      (error: Error) => this.fail(error),
    );
  }

  /** Holds the tree of the manifest against what came. @throws {FormatInvalidError} @throws {ObjectMissingError} */
  async #compare({ tail }: Manifest): Promise<void> {
    const readChunk = (id: ChunkId): Promise<Buffer> => Promise.resolve(this.#index.part(id));
    const table = await readTopTable({ readChunk }, tail.tree);
    const isSame =
      table.length === this.#segments.length &&
      table.every(({ id, lengthBytes }, at) => {
        const came = this.#segments[at];
        return came?.id === id && came.lengthBytes === lengthBytes;
      });
    if (!isSame) throw new FormatInvalidError(subject, "its top table names other segments than came");
  }

  #wake(): void {
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers<void>();
    this.#news.promise.catch(() => undefined);
    resolve();
  }
}

/** Those blocks of a range that a target takes. */
export function wantedIn({ start, end }: FrameRange, isWanted: IsWanted): FrameSet {
  const wanted = new FrameSet();
  for (let frame = start; frame < end; frame++) if (isWanted(frame)) wanted.add(frame);
  return wanted;
}
