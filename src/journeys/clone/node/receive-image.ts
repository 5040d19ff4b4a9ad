import type { Manifest } from "../../../core/manifest/manifest.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { Entry } from "../../../core/tree/entry.ts";
import { compareInWalkOrder } from "../../../core/tree/walk-order.ts";
import { readTree } from "../../../image/tree-index/tree-index-reader.ts";
import { FrameSet } from "../chain/frame-set.ts";
import type { NodeIndex } from "./node-index.ts";
import type { NodeSession } from "./node-session.ts";
import { ReceivedChunks } from "./received-chunks.ts";

/** An image that is coming in. */
export interface ComingImage {
  readonly manifest: Manifest;
  readonly chunks: ReceivedChunks;
}

const filesAtOnce = 512;

/**
 * Waits for the index of a session and reads it: from then on the image can be restored, as fast as it comes.
 *
 * @param doneUpTo Entries up to here in walk order are in the target already.
 * @throws {FormatInvalidError} @throws {ObjectDamagedError}
 */
export async function receiveImage(
  session: NodeSession,
  index: NodeIndex,
  fromFiles: (frame: number) => Promise<Buffer | undefined>,
  doneUpTo: (manifest: Manifest) => TreePath | undefined,
): Promise<ComingImage> {
  await session.indexed;
  const manifest = session.receiver.read();
  const chunks = new ReceivedChunks(index, session, fromFiles);
  const done = doneUpTo(manifest);
  const needed = new FrameSet();
  let files: (Entry & { kind: "file" })[] = [];
  let placed = 0;
  const ofTree = new FrameSet();
  const place = (): void => {
    for (const frame of index.placeFiles(files, placed)) ofTree.add(frame);
    placed += files.length;
    files = [];
  };
  for await (const entry of readTree(chunks, manifest.tail.tree)) {
    if (entry.kind !== "file") continue;
    files.push(entry);
    if (files.length === filesAtOnce) place();
    if (done === undefined || compareInWalkOrder(entry.path, done) <= 0) continue;
    for (const piece of entry.pieces)
      if (piece.kind === "chunk") needed.add(chunks.locate(piece.id, piece.lengthBytes).block);
  }
  place();
  if (done !== undefined) session.need(needed);
  // Blocks of streams alone: a tree does not wait for them, it only passes them on.
  const { first, end } = session.blockFrames;
  for (let frame = first; frame < end; frame++) if (!ofTree.has(frame)) session.taken(frame);
  return { manifest, chunks };
}
