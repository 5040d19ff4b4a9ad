import { setImmediate } from "node:timers/promises";
import type { Manifest, ManifestHead } from "../../../core/manifest/manifest.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { Entry } from "../../../core/tree/entry.ts";
import { compareInWalkOrder } from "../../../core/tree/walk-order.ts";
import type { ImageId } from "../../../image/store/image-names.ts";
import { readStream } from "../../../image/tree-index/stream-index.ts";
import { readTree } from "../../../image/tree-index/tree-index-reader.ts";
import { FrameSet } from "../chain/frame-set.ts";
import type { FrameRange } from "../wire/frame-ranges.ts";
import { wantedIn, type IsWanted } from "./growing-index.ts";
import type { NodeIndex } from "./node-index.ts";
import type { NodeSession } from "./node-session.ts";
import { ReceivedChunks } from "./received-chunks.ts";

/** What a target has of an image, and wants of it. */
export interface TakingTarget {
  /** All frames were asked for at once. */
  readonly isFresh: boolean;
  /** It has all of the tree, or wants none of it. */
  readonly hasTree?: boolean;
  /** Entries up to here in walk order are in it; undefined where nobody knows. */
  readonly doneUpTo?: TreePath | undefined;
  /** Raw streams that it takes. */
  readonly streams?: readonly string[];
}

/** An image that is coming in, and whose index is here. */
export interface ComingImage {
  readonly image: ImageId;
  readonly manifest: Manifest;
  readonly chunks: ReceivedChunks;
}

/** An image that is coming in, perhaps while it is captured. */
export interface ArrivingImage {
  readonly head: ManifestHead;
  /** Estimates, where it is captured meanwhile. */
  readonly totals: { readonly bytes: number; readonly entries: number };
  readonly chunks: ReceivedChunks;
  /** In walk order, as they come. @throws {FormatInvalidError} @throws {SessionRefusedError} If no more will come. */
  entries(): AsyncIterable<Entry>;
  /** Asks for the blocks that are wanted, where none were asked for from the first: those that are named, and those that will be. */
  ask(isWanted: IsWanted): Promise<void>;
  /** The frames that bring blocks, as they are named. Throws as `entries` does. */
  blocks(): AsyncIterable<FrameRange> | Iterable<FrameRange>;
  /** Once its index is here; rejects as `entries` throws. */
  readonly whole: Promise<ComingImage>;
}

const filesAtOnce = 512;
const framesAtOnce = 64;

/**
 * Waits for what a session tells of its image first (its index, or its head where it is captured meanwhile): from then on the image can be restored,
 * as fast as it comes.
 *
 * @param target What is in it already, and which streams it takes beside the tree.
 * @throws {FormatInvalidError} @throws {ObjectDamagedError} @throws {StreamNotFoundError}
 */
export async function receiveImage(
  session: NodeSession,
  index: NodeIndex,
  fromFiles: (frame: number) => Promise<Buffer | undefined>,
  target: TakingTarget,
): Promise<ArrivingImage> {
  const chunks = new ReceivedChunks(index, session, fromFiles);
  const { growing } = session;
  if (growing) {
    const { head, totals } = await growing.head;
    const whole = growing.whole.then((complete) => ({ ...complete, chunks }));
    whole.catch(() => undefined);
    return {
      head,
      totals,
      chunks,
      entries: () => growing.entries(),
      ask: async (isWanted) => await askInTurns(session, growing.ask(isWanted), isWanted),
      blocks: () => growing.blocks(),
      whole,
    };
  }
  await session.indexed;
  const manifest = await session.receiver.read();
  const { isFresh, hasTree = false, doneUpTo, streams = [] } = target;
  const needed = new FrameSet();
  let files: (Entry & { kind: "file" })[] = [];
  let placed = 0;
  const wanted = new FrameSet();
  const place = (): void => {
    for (const frame of index.placeFiles(files, placed)) wanted.add(frame);
    placed += files.length;
    files = [];
  };
  for await (const entry of readTree(chunks, manifest.tail.tree)) {
    if (entry.kind !== "file") continue;
    files.push(entry);
    if (files.length === filesAtOnce) place();
    if (isFresh || hasTree || doneUpTo === undefined || compareInWalkOrder(entry.path, doneUpTo) <= 0) continue;
    for (const piece of entry.pieces)
      if (piece.kind === "chunk") needed.add(chunks.locate(piece.id, piece.lengthBytes).block);
  }
  place();
  for (const stream of streams)
    for await (const piece of readStream(chunks, manifest, stream)) {
      if (piece.kind !== "chunk") continue;
      const { block } = chunks.locate(piece.id, piece.lengthBytes);
      wanted.add(block);
      needed.add(block);
    }
  if (!isFresh && (hasTree || doneUpTo !== undefined || streams.length > 0)) await needInTurns(session, needed);
  const { first, end } = session.blockFrames;
  session.runner.tell({ kind: "exist", ranges: [{ start: first, end }] });
  // Blocks of other streams alone: nobody here waits for them, they are only passed on.
  for (let frame = first; frame < end; frame++) if (!wanted.has(frame)) session.taken(frame);
  const { tree, counts } = manifest.tail;
  const whole = Promise.resolve({ image: session.image as ImageId, manifest, chunks });
  return {
    head: manifest.head,
    totals: counts,
    chunks,
    entries: () => readTree(chunks, tree),
    ask: async (isWanted) => await askInTurns(session, { start: first, end }, isWanted),
    blocks: () => [{ start: first, end }],
    whole,
  };
}

async function needInTurns(session: NodeSession, frames: FrameSet): Promise<void> {
  for (const range of frames.ranges) await askInTurns(session, range, () => true);
}

/** To see what of a range is wanted, and on this node already, may take long. */
async function askInTurns(session: NodeSession, range: FrameRange, isWanted: IsWanted): Promise<void> {
  for (let { start } = range; start < range.end; start += framesAtOnce) {
    session.need(wantedIn({ start, end: Math.min(range.end, start + framesAtOnce) }, isWanted));
    await setImmediate();
  }
}
