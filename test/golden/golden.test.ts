import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TreePath } from "../../src/core/tree/byte-string.ts";
import { cutParameters, findCut, gear } from "../../src/image/chunker/cut.ts";
import { decodeBlock, sha256 } from "../../src/image/chunker/decode-block.ts";
import { ByteReader } from "../../src/image/format/byte-reader.ts";
import { ByteWriter } from "../../src/image/format/byte-writer.ts";
import { decodeManifest, encodeManifest } from "../../src/image/format/manifest-object.ts";
import { FormatInvalidError, StreamNotFoundError } from "../../src/image/errors.ts";
import { readStream, StreamIndexWriter } from "../../src/image/tree-index/stream-index.ts";
import { streamsOf } from "../../src/core/manifest/trees.ts";
import type { ChunkId } from "../../src/core/tree/entry.ts";
import {
  type EncodedBlock,
  decodePackFooter,
  decodePackTrailer,
  encodePack,
  packMagic,
  packTrailerBytes,
  type PackId,
} from "../../src/image/format/pack.ts";
import { openImageSignature, signImageName, type ImageSignature } from "../../src/image/signatures/image-signature.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { noMetadata, readBody, writeBody, writeChunkPiece, writeHolePiece } from "../../src/image/format/record.ts";
import { openSealedObject, sealObject } from "../../src/image/format/sealed-object.ts";
import { readSegment, SegmentWriter } from "../../src/image/format/segment.ts";
import { decodeTopTable, encodeTopTable } from "../../src/image/format/top-table.ts";
import type { ImageId, ImageName } from "../../src/image/store/image-names.ts";
import { cutStream, entries, packSalt, plainBlocks, recordFiles, sealed, segments } from "./samples.ts";
import { manifest, manifestWithSecrets, manifestWithStreams, streamSpans } from "./manifests.ts";

const golden = (name: string): Buffer => readFileSync(join(import.meta.dirname, name));
const tool = (program: string, words: readonly string[], input: Buffer): Buffer =>
  execFileSync(program, words, { input });
const hashByTool = (input: Buffer): string => tool("sha256sum", [], input).toString().slice(0, 64);
/** A link has no metadata of its own, whatever the sample says. */
const expected = entries.map((entry) => (entry.kind === "link" ? { ...entry, ...noMetadata } : entry));

test("readBody() and writeBody() know the golden record of every kind", () => {
  for (const [at, entry] of expected.entries()) {
    const bytes = golden(recordFiles[at] ?? "");
    const reader = new ByteReader(bytes, "record");
    assert.deepEqual(readBody(reader, entry.path), entry);
    reader.end();
    const out = new ByteWriter();
    writeBody(out, entry);
    assert.deepEqual(out.take(), bytes, recordFiles[at] ?? "");
  }
});

test("readSegment() and SegmentWriter know the golden segment", () => {
  const bytes = golden("segment.bin");
  assert.deepEqual([...readSegment(bytes, "segment")], expected);
  const writer = new SegmentWriter();
  for (const entry of expected) {
    const body = new ByteWriter();
    writeBody(body, entry);
    assert.equal(writer.add(entry.path, body.take()), undefined);
  }
  assert.deepEqual(writer.end(), { bytes, records: entries.length, firstPath: "" as TreePath });
});

test("decodeTopTable() and encodeTopTable() know the golden table", () => {
  const bytes = golden("top-table.bin");
  assert.deepEqual(decodeTopTable(bytes), segments);
  assert.deepEqual(encodeTopTable(segments), bytes);
});

test("the golden pack can be read by the format alone, by sha256sum and by zstd", () => {
  const bytes = golden("pack.bin");
  assert.equal(bytes.toString("latin1", 0, 8), "RHPACK01");
  assert.equal(bytes.toString("latin1", bytes.length - 8), "RHPKEND1");
  const footerBytes = bytes.readUInt32LE(bytes.length - 44);
  const footer = bytes.subarray(bytes.length - 44 - footerBytes, bytes.length - 44);
  const id = hashByTool(footer) as PackId;
  assert.equal(bytes.toString("hex", bytes.length - 40, bytes.length - 8), id);
  assert.deepEqual(footer.subarray(0, 16), packSalt);

  assert.deepEqual(decodePackTrailer(bytes.subarray(-packTrailerBytes), id, bytes.length), { footerBytes });
  const blocks = decodePackFooter(footer, id, bytes.length);
  assert.deepEqual(
    blocks.map(({ codec }) => codec),
    [1, 0],
  );
  assert.equal(blocks[0]?.offset, packMagic.length);
  for (const [at, block] of blocks.entries()) {
    const stored = bytes.subarray(block.offset, block.offset + block.storedBytes);
    assert.equal(block.id, hashByTool(stored));
    const plain = Buffer.concat(plainBlocks[at] ?? []);
    assert.deepEqual(block.codec === 1 ? tool("zstd", ["-dc"], stored) : stored, plain);
    assert.deepEqual(decodeBlock(stored, block.codec, block.plainBytes, "block"), plain);
    assert.deepEqual(
      [...block.chunkLengths],
      plainBlocks[at]?.map(({ length }) => length),
    );
    assert.deepEqual(Buffer.from(block.chunkIds).toString("hex"), plainBlocks[at]?.map(hashByTool).join(""));
  }
});

test("encodePack() joins the blocks of the golden pack to the same bytes", () => {
  const bytes = golden("pack.bin");
  const footerBytes = bytes.readUInt32LE(bytes.length - 44);
  const id = bytes.toString("hex", bytes.length - 40, bytes.length - 8) as PackId;
  const blocks = decodePackFooter(bytes.subarray(bytes.length - 44 - footerBytes, bytes.length - 44), id, bytes.length);
  const encoded = encodePack(
    blocks.map((block) => ({
      ...block,
      id: Buffer.from(block.id, "hex"),
      stored: Uint8Array.from(bytes.subarray(block.offset, block.offset + block.storedBytes)),
    })),
    packSalt,
  );
  assert.equal(encoded.id, id);
  assert.deepEqual(Buffer.concat(encoded.parts), bytes);
  assert.equal(encoded.sizeBytes, bytes.length);
  assert.deepEqual(
    encoded.blocks.map(({ chunkIds, ...block }) => [block, Buffer.from(chunkIds)]),
    blocks.map(({ chunkIds, ...block }) => [block, Buffer.from(chunkIds)]),
  );
});

test("openSealedObject() and sealObject() know the golden objects, and sha256sum their seals", () => {
  for (const { kind, value } of sealed) {
    const bytes = golden(`sealed-${kind}.txt`);
    assert.deepEqual(openSealedObject(kind, bytes, kind), value);
    assert.deepEqual(sealObject(kind, value), bytes);
    const end = bytes.indexOf(0x0a);
    assert.equal(bytes.toString("latin1", 0, end), `rehome ${kind} 1 ${hashByTool(bytes.subarray(end + 1))}`);
  }
});

test("readStream() and StreamIndexWriter know the golden index of streams", async () => {
  const segment = golden("streams-segment.bin");
  const written = new Map<string, Buffer>();
  const add = (block: EncodedBlock): Promise<void> => {
    const plain = decodeBlock(Buffer.from(block.stored), block.codec, block.plainBytes, "block");
    written.set(Buffer.from(block.chunkIds).toString("hex"), plain);
    return Promise.resolve();
  };
  const writer = new StreamIndexWriter({ add }, { has: () => false });
  const [stream] = streamsOf(manifestWithStreams);
  assert.ok(stream);
  await writer.begin(stream.name);
  for (const { lengthBytes, pieces } of streamSpans) {
    const out = new ByteWriter();
    for (const piece of pieces)
      if (piece.kind === "hole") writeHolePiece(out, piece.lengthBytes);
      else writeChunkPiece(out, Buffer.from(piece.id, "hex"), piece.lengthBytes);
    await writer.addSpan(out.take(), lengthBytes);
  }
  assert.equal(writer.endStream(), stream.digest);
  const index = await writer.end();
  assert.ok(written.get(hashByTool(segment))?.equals(segment));
  const readChunk = (id: ChunkId): Promise<Buffer> => Promise.resolve(written.get(id) as Buffer);
  const { tail } = manifestWithStreams;
  const whole = { ...manifestWithStreams, tail: { ...tail, streams: { index, list: [stream] } } };
  const read = await Array.fromAsync(readStream({ readChunk }, whole, "sda1"));
  const ends = streamSpans.flatMap(({ pieces }) => pieces);
  assert.deepEqual(
    read.map(({ offset, ...piece }) => [offset, piece]),
    ends.map((piece, at) => [ends.slice(0, at).reduce((sum, { lengthBytes }) => sum + lengthBytes, 0), piece]),
  );
  assert.equal(read.at(-1)?.offset, stream.sizeBytes - 17_408);
  for (const wrong of [{ sizeBytes: stream.sizeBytes - 1 }, { sizeBytes: 2 ** 40 }, { digest: "0".repeat(64) }]) {
    const list = [{ ...stream, ...wrong }];
    const damaged = { ...manifestWithStreams, tail: { ...tail, streams: { index, list } } };
    await assert.rejects(Array.fromAsync(readStream({ readChunk }, damaged, "sda1")), FormatInvalidError);
  }
  await assert.rejects(Array.fromAsync(readStream({ readChunk }, whole, "sdb1")), StreamNotFoundError);
});

test("decodeManifest() refuses streams in a manifest of version 1, and version 2 without", () => {
  const { streams: _, ...tail } = manifestWithStreams.tail;
  for (const wrong of [
    { ...manifestWithStreams, formatVersion: 1 as const },
    { ...manifestWithStreams, tail },
  ]) {
    const { id, bytes } = encodeManifest(wrong);
    assert.throws(() => decodeManifest(bytes, id), FormatInvalidError);
  }
});

test("decodeManifest() knows the golden manifests, and zstd decodes them", () => {
  for (const [file, sample] of [
    ["manifest.zst", manifest],
    ["manifest-secrets.zst", manifestWithSecrets],
    ["manifest-streams.zst", manifestWithStreams],
  ] as const) {
    const bytes = golden(file);
    assert.deepEqual(decodeManifest(bytes, hashByTool(bytes) as ImageId), sample);
    assert.deepEqual(JSON.parse(tool("zstd", ["-dc"], bytes).toString()), sample);
  }
});

test("gear is what SHA-256 makes of `47 i`", () => {
  const bytes = golden("gear.bin");
  assert.equal(bytes.length, 256 * 4);
  gear.forEach((value, index) => assert.equal(value, bytes.readInt32LE(index * 4)));
  for (const index of [0, 1, 127, 255])
    assert.equal(bytes.toString("hex", index * 4, index * 4 + 4), hashByTool(Buffer.from([0x47, index])).slice(0, 8));
});

test("findCut() cuts the golden stream where it always did", () => {
  const stream = cutStream();
  const cuts: number[] = [];
  for (let at = 0; at < stream.length; at = cuts.at(-1) ?? stream.length)
    cuts.push(findCut(stream, at, Math.min(stream.length, at + cutParameters.maxBytes)));
  assert.deepEqual(cuts, JSON.parse(golden("cut-points.json").toString()));
  assert.equal(sha256(stream).toString("hex"), hashByTool(stream));
});

test("findCut() follows the words of the format", () => {
  const stream = cutStream();
  const table = golden("gear.bin");
  let hash = 0n;
  for (let at = 262_144; ; at++) {
    const byte = stream[at] ?? 0;
    hash = ((hash << 1n) + BigInt(table.readUInt32LE(byte * 4))) & 0xffff_ffffn;
    if ((hash & 0x7fff_e000n) !== 0n) continue;
    assert.equal(findCut(stream, 0, stream.length), at + 1);
    return;
  }
});

test("openImageSignature() and signImageName() know the golden signature, and openssl verifies it", (context) => {
  const bytes = golden("sealed-signature.txt");
  const { image, name, tag, signer, signature } = JSON.parse(
    bytes.subarray(bytes.indexOf(0x0a)).toString(),
  ) as ImageSignature;
  const key = `signatures/${image}/${hashByTool(Buffer.from(signature, "hex"))}`;
  const opened = openImageSignature(bytes, key);
  const seed = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, 7)]);
  const privateKey = createPrivateKey({ key: seed, format: "der", type: "pkcs8" });
  assert.deepEqual(signImageName(privateKey, opened as ImageName & ImageSignature), opened);

  const place = temporaryDirectory(context);
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(signer, "hex")]);
  writeFileSync(join(place, "key.der"), der);
  writeFileSync(join(place, "statement"), `rehome image signature 1\n${image}\n${name}:${tag}\n`);
  writeFileSync(join(place, "signature"), Buffer.from(signature, "hex"));
  const words = "pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in statement -sigfile signature".split(" ");
  assert.match(execFileSync("openssl", words, { cwd: place, encoding: "utf8" }), /Verified Successfully/);
});
