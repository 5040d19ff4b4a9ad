import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { ChunkId } from "../../../core/tree/entry.ts";
import { ByteWriter } from "../../../image/format/byte-writer.ts";
import { noMetadata, writeBody } from "../../../image/format/record.ts";
import { SegmentWriter } from "../../../image/format/segment.ts";
import type { ImageStore } from "../../../image/store/image-store.ts";
import { decodeIndexPart } from "../wire/index-part.ts";
import { FooterReader } from "./footer-reader.ts";
import { GrowingFrames } from "./growing-frames.ts";

const idOf = (text: string): ChunkId => createHash("sha256").update(text).digest("hex") as ChunkId;

/** A segment with one file of one chunk. */
function segmentOf(name: string): Buffer {
  const writer = new SegmentWriter();
  const out = new ByteWriter();
  const pieces = [{ kind: "chunk" as const, id: idOf(name), lengthBytes: name.length }];
  writeBody(out, { ...noMetadata, kind: "file", sizeBytes: name.length, pieces });
  writer.add(name as TreePath, out.take());
  return writer.end()?.bytes as Buffer;
}

/** A store of which only the index is asked: each chunk that is durable lies in a block of its own. */
function storeWith(durable: string[]): ImageStore {
  const find = (id: Buffer): object | undefined => {
    const block = durable.findIndex((name) => idOf(name) === id.toString("hex"));
    return block < 0 ? undefined : { block, offset: 0, lengthBytes: durable[block]?.length };
  };
  return { index: { find }, chunks: { block: (block: number) => ({ block, pack: "p", offset: block }) } } as never;
}

const entryOf: FooterReader["entryOf"] = ({ offset }) =>
  Promise.resolve({ codec: 0, storedBytes: 1, chunkIds: Buffer.alloc(32, offset), chunkLengths: [1] } as never);

const kindsOf = (frames: GrowingFrames): string[] =>
  frames.indexParts.map((part) => (part ? decodeIndexPart(part).map(({ kind }) => kind) : ["none"]).join(" "));

test("a part is made once the store has what it names, in the order of the tree", async (context) => {
  context.mock.method(FooterReader.prototype, "entryOf", entryOf);
  const durable: string[] = [];
  const frames = new GrowingFrames(storeWith(durable));
  let told = 0;
  frames.onGrown = () => void told++;
  for (const name of ["a", "b", "c"]) await frames.add(segmentOf(name), () => assert.fail());
  durable.push("c", "b");
  await frames.advance();
  assert.deepEqual([kindsOf(frames), told], [["none"], 0]);
  durable.push("a");
  await frames.advance();
  const part = "directory segment";
  assert.deepEqual(kindsOf(frames), ["none", part, part, part]);
  assert.deepEqual(
    frames.blocks.map(({ block }) => block),
    [2, 1, 0],
  );
  assert.equal(told, 1);
  // What was named before is not named again.
  await frames.add(segmentOf("b"), () => assert.fail());
  assert.equal(kindsOf(frames)[4], "segment");
});

test("segments that wait are few: the store is made to take what they name", async (context) => {
  context.mock.method(FooterReader.prototype, "entryOf", entryOf);
  const durable: string[] = [];
  const frames = new GrowingFrames(storeWith(durable));
  let [written, most] = [0, 0];
  const names = Array.from({ length: 300 }, (_, at) => `file${String(at).padStart(4, "0")}`);
  for (const name of names) {
    written += 1;
    await frames.add(segmentOf(name), async () => {
      durable.push(...names.slice(durable.length, written));
    });
    most = Math.max(most, written - (frames.indexParts.length - 1));
  }
  assert.ok(most < 64 && durable.length > 200, `${most} waited`);
});
