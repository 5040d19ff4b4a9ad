import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { holds } from "../../../test/support/properties.ts";
import { sha256 } from "../chunker/decode-block.ts";
import { FormatInvalidError } from "../errors.ts";
import { ByteWriter } from "./byte-writer.ts";
import { limits } from "./limits.ts";
import {
  decodePackFooter,
  decodePackTrailer,
  encodePack,
  packTrailerBytes,
  type EncodedBlock,
  type EncodedPack,
  type PackId,
} from "./pack.ts";

const blocks: fc.Arbitrary<EncodedBlock> = fc
  .tuple(
    fc.constantFrom(0 as const, 1 as const),
    fc.uint8Array({ minLength: 1, maxLength: 100 }),
    fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 6 }),
  )
  .map(([codec, stored, lengths]) => ({
    id: sha256(stored),
    codec,
    stored,
    plainBytes: lengths.reduce((sum, length) => sum + length, 0),
    chunkIds: Buffer.concat(lengths.map((length, at) => sha256(Buffer.from(`${length} ${at}`)))),
    chunkLengths: Uint32Array.from(lengths),
  }));

const trailerOf = (bytes: Buffer): Buffer => bytes.subarray(-packTrailerBytes);

function footerOf(bytes: Buffer): Buffer {
  const length = bytes.readUInt32LE(bytes.length - packTrailerBytes);
  return bytes.subarray(bytes.length - packTrailerBytes - length, bytes.length - packTrailerBytes);
}

const plain = (list: EncodedPack["blocks"]): unknown =>
  list.map((block) => ({
    ...block,
    chunkIds: Buffer.from(block.chunkIds).toString("hex"),
    chunkLengths: [...block.chunkLengths],
  }));

test("decodePackFooter() gives back what encodePack() was given", async (context) => {
  await holds(
    context,
    fc.property(fc.array(blocks, { minLength: 1, maxLength: 5 }), (list) => {
      const pack = encodePack(list);
      const bytes = Buffer.concat(pack.parts);
      assert.equal(bytes.length, pack.sizeBytes);
      const { footerBytes } = decodePackTrailer(trailerOf(bytes), pack.id, bytes.length);
      assert.equal(footerBytes, footerOf(bytes).length);
      const decoded = decodePackFooter(footerOf(bytes), pack.id, bytes.length);
      assert.deepEqual(plain(decoded), plain(pack.blocks));
      for (const [at, block] of decoded.entries())
        assert.deepEqual(
          Uint8Array.from(bytes.subarray(block.offset, block.offset + block.storedBytes)),
          list[at]?.stored,
        );
    }),
    300,
  );
});

test("encodePack() gives every pack a name of its own", () => {
  const [block] = fc.sample(blocks, 1) as [EncodedBlock];
  assert.notEqual(encodePack([block]).id, encodePack([block]).id);
  const salt = Buffer.alloc(16, 7);
  assert.equal(encodePack([block], salt).id, encodePack([block], salt).id);
});

/** A footer with what an enemy wants it to say, under its right name. */
function footer(write: (out: ByteWriter) => void): { readonly bytes: Buffer; readonly id: PackId } {
  const out = new ByteWriter();
  out.bytes(Buffer.alloc(16));
  write(out);
  const bytes = out.take();
  return { bytes, id: createHash("sha256").update(bytes).digest("hex") as PackId };
}

test("decodePackFooter() refuses footers that lie, however their name fits", () => {
  const id = Buffer.alloc(32, 1);
  const block = (out: ByteWriter, codec: number, stored: number, ...lengths: readonly number[]): void => {
    out.bytes(id);
    out.u8(codec);
    out.varint(stored);
    out.varint(lengths.length);
    for (const length of lengths) {
      out.bytes(id);
      out.varint(length);
    }
  };
  const cases: Readonly<Record<string, (out: ByteWriter) => void>> = {
    "more blocks than bytes": (out) => out.varint(Number.MAX_SAFE_INTEGER),
    "fewer blocks than it says": (out) => (out.varint(2), block(out, 0, 10, 10)),
    "more blocks than it says": (out) => (out.varint(1), block(out, 0, 10, 10), block(out, 0, 0, 10)),
    "an unknown codec": (out) => (out.varint(1), block(out, 2, 10, 10)),
    "a block without chunks": (out) => (out.varint(1), block(out, 0, 10)),
    "an empty chunk": (out) => (out.varint(1), block(out, 0, 10, 0)),
    "a chunk above its limit": (out) => (out.varint(1), block(out, 0, 10, limits.chunkBytes + 1)),
    "a block above its limit": (out) => (out.varint(1), block(out, 0, 10, limits.chunkBytes, limits.chunkBytes, 1)),
    "more chunks than bytes": (out) => (
      out.varint(1),
      out.bytes(id),
      out.u8(0),
      out.varint(10),
      out.varint(limits.blockBytes)
    ),
    "blocks beyond the pack": (out) => (out.varint(1), block(out, 0, 11, 11)),
    "blocks that leave a gap": (out) => (out.varint(1), block(out, 0, 9, 9)),
    nothing: () => undefined,
  };
  for (const [what, write] of Object.entries(cases)) {
    const { bytes, id: name } = footer(write);
    assert.throws(
      () => decodePackFooter(bytes, name, 8 + 10 + bytes.length + packTrailerBytes),
      FormatInvalidError,
      what,
    );
  }
  const sound = footer((out) => (out.varint(1), block(out, 0, 10, 10)));
  assert.equal(decodePackFooter(sound.bytes, sound.id, 8 + 10 + sound.bytes.length + packTrailerBytes).length, 1);
});

test("decodePackTrailer() refuses trailers of other packs and footers that do not fit", () => {
  const bytes = Buffer.concat(encodePack(fc.sample(blocks, 2)).parts);
  const id = trailerOf(bytes).toString("hex", 4, 36) as PackId;
  assert.throws(() => decodePackTrailer(trailerOf(bytes), "0".repeat(64) as PackId, bytes.length), FormatInvalidError);
  assert.throws(
    () => decodePackTrailer(trailerOf(bytes), id, packTrailerBytes),
    FormatInvalidError,
    "longer than the pack",
  );
  for (const change of [
    (trailer: Buffer) => trailer.fill(0, 36),
    (trailer: Buffer) => trailer.writeUInt32LE(0xffff_ffff),
    (trailer: Buffer) => trailer.fill(0, 4, 5),
  ]) {
    const trailer = Buffer.from(trailerOf(bytes));
    change(trailer);
    assert.throws(() => decodePackTrailer(trailer, id, bytes.length), FormatInvalidError);
  }
  assert.throws(() => decodePackTrailer(trailerOf(bytes).subarray(1), id, bytes.length), FormatInvalidError);
});
