import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { constants, zstdCompressSync } from "node:zlib";
import type { ChunkId, Entry } from "../../src/core/tree/entry.ts";
import type { TreePath } from "../../src/core/tree/byte-string.ts";
import { directoryBlobStore } from "../../src/image/blob-store/directory-blob-store.ts";
import { sha256 } from "../../src/image/chunker/decode-block.ts";
import { ByteWriter } from "../../src/image/format/byte-writer.ts";
import { sealObject } from "../../src/image/format/sealed-object.ts";
import { encodeTopTable } from "../../src/image/format/top-table.ts";
import { checkStore, listEntries, restore, showImage, type ErrorCode } from "../../src/index.ts";
import { atEnd } from "../support/at-end.ts";
import { directory, encodeSegment, entry, HandMadeStore, type ImageParts } from "../support/hand-made-image.ts";
import { testPlace, type Place } from "../support/place.ts";
import { asRoot } from "../support/temporary-directory.ts";

const allowedGrowthBytes = 150 * 1024 * 1024;

async function handMade(context: TestContext): Promise<{ place: Place; hand: HandMadeStore }> {
  const place = testPlace(context);
  const hand = await HandMadeStore.make(directoryBlobStore(place.paths.store), join(place.directory, "hand-cache"));
  atEnd(context, () => hand[Symbol.dispose]());
  return { place, hand };
}

/** Restores and verifies an image that cannot be: both must refuse it with one of `codes` and in little memory. */
async function assertRefused(place: Place, image: string, codes: readonly ErrorCode[]): Promise<void> {
  const target = join(place.directory, `target-${image}`);
  const before = process.memoryUsage.rss();
  for (const way of [
    () => restore(image, target, { paths: place.paths }),
    () => Array.fromAsync(listEntries(image, "", { paths: place.paths })),
  ])
    await assert.rejects(way(), (error: { code?: ErrorCode; message: string }) => {
      assert.ok(error.code !== undefined && codes.includes(error.code), `${image}: ${error.code} ${error.message}`);
      return true;
    });
  const grown = process.memoryUsage.rss() - before;
  assert.ok(grown < allowedGrowthBytes, `${image}: memory grew by ${Math.round(grown / 1024 / 1024)} MiB`);
  assert.ok(!existsSync(target));
}

const root = directory("");
const aGiB = 1024 * 1024 * 1024;

/** zstd of `sizeBytes` zeros, made in pieces. */
function bomb(sizeBytes: number): Buffer {
  const piece = Buffer.alloc(16 * 1024 * 1024);
  return zstdCompressSync(sizeBytes > piece.length ? Buffer.alloc(sizeBytes) : piece.subarray(0, sizeBytes));
}

test("restore() refuses blocks that decode to more or less than they say", asRoot, async (context) => {
  const { place, hand } = await handMade(context);
  const stored = bomb(aGiB / 2);
  const said = { id: sha256(Buffer.alloc(1024 * 1024)).toString("hex") as ChunkId, lengthBytes: 1024 * 1024 };
  await hand.putBlock({ stored, codec: 1, chunks: [said] });
  const piece = { kind: "chunk", ...said } as const;
  const file = (path: string, sizeBytes: number): Entry =>
    entry(path, { kind: "file", sizeBytes, pieces: [{ ...piece, lengthBytes: sizeBytes }] });
  await hand.putImage("bomb", { entries: [root, file("a", said.lengthBytes)] });
  await assert.rejects(restore("bomb", join(place.directory, "target"), { paths: place.paths }), {
    code: "OBJECT_DAMAGED",
  });
  await hand.putImage("bomb-as-segment", {
    segments: [],
    references: [{ ...said, records: 1, firstPath: "" as TreePath }],
  });
  await assertRefused(place, "bomb-as-segment", ["OBJECT_DAMAGED"]);
  await hand.putImage("bomb-as-table", { tree: { table: [said], digest: "0".repeat(64) } });
  await assertRefused(place, "bomb-as-table", ["OBJECT_DAMAGED"]);
  const short = { id: sha256(Buffer.from("short")).toString("hex") as ChunkId, lengthBytes: 4096 };
  await hand.putBlock({ stored: zstdCompressSync(Buffer.from("short")), codec: 1, chunks: [short] });
  await hand.putImage("short", { tree: { table: [short], digest: "0".repeat(64) } });
  await assertRefused(place, "short", ["OBJECT_DAMAGED"]);
  const garbage = { id: sha256(Buffer.from("garbage")).toString("hex") as ChunkId, lengthBytes: 7 };
  await hand.putBlock({ stored: Buffer.from("no zstd"), codec: 1, chunks: [garbage] });
  await hand.putImage("garbage", { tree: { table: [garbage], digest: "0".repeat(64) } });
  await assertRefused(place, "garbage", ["OBJECT_DAMAGED"]);
  const { damages } = await checkStore({ paths: place.paths });
  assert.ok(damages.length > 0);
});

test("restore() refuses segments with lengths beyond their end or their limits", asRoot, async (context) => {
  const { place, hand } = await handMade(context);
  const record = (write: (out: ByteWriter) => void): Buffer => {
    const out = new ByteWriter();
    write(out);
    return out.take();
  };
  const head = (out: ByteWriter, path: string, kind: number): void => {
    out.varint(0);
    out.blob(path);
    out.u8(kind);
    for (const field of [0o755, 0, 0, 0, 0, 0]) out.varint(field);
  };
  const huge = Number.MAX_SAFE_INTEGER;
  const segments: Readonly<Record<string, Buffer>> = {
    "path-length": record((out) => (out.varint(0), out.varint(huge))),
    "shared-length": record((out) => (out.varint(huge), out.blob("a"))),
    "xattr-count": record((out) => (head(out, "", 1), out.varint(huge))),
    "xattr-name": record((out) => (head(out, "", 1), out.varint(1), out.varint(huge))),
    "xattr-value": record((out) => (head(out, "", 1), out.varint(1), out.blob("user.x"), out.varint(huge))),
    "xattr-order": record(
      (out) => (head(out, "", 1), out.varint(2), out.blob("user.x"), out.blob(""), out.blob("user.x"), out.blob("")),
    ),
    "symlink-target": record(
      (out) => (head(out, "", 1), out.varint(0), head(out, "a", 3), out.varint(0), out.varint(huge)),
    ),
    "symlink-of-nothing": record(
      (out) => (head(out, "", 1), out.varint(0), head(out, "a", 3), out.varint(0), out.blob("")),
    ),
    "symlink-with-nul": record(
      (out) => (head(out, "", 1), out.varint(0), head(out, "a", 3), out.varint(0), out.blob("a\0b")),
    ),
    "link-target": record(
      (out) => (head(out, "", 1), out.varint(0), out.varint(0), out.blob("a"), out.u8(8), out.varint(huge)),
    ),
    "unknown-kind": record((out) => (head(out, "", 9), out.varint(0))),
    "unknown-flags": record(
      (out) => (
        out.varint(0),
        out.blob(""),
        out.u8(1),
        [0, 0, 0, 0, 0, 4].forEach((field) => out.varint(field)),
        out.varint(0)
      ),
    ),
    "mode-above": record(
      (out) => (
        out.varint(0),
        out.blob(""),
        out.u8(1),
        [0o10000, 0, 0, 0, 0, 0].forEach((field) => out.varint(field)),
        out.varint(0)
      ),
    ),
    "cut-off": encodeSegment([root, directory("a")]).subarray(0, -1),
    "long-varint": Buffer.concat([Buffer.alloc(9, 0x80), Buffer.from([1])]),
    "not-shortest": Buffer.from([0x80, 0x00]),
    empty: Buffer.from([0]),
  };
  for (const [name, segment] of Object.entries(segments)) {
    await hand.putImage(name, { segments: [segment] });
    await assertRefused(place, name, ["FORMAT_INVALID"]);
  }
});

test("restore() refuses a top table that lies", asRoot, async (context) => {
  const { place, hand } = await handMade(context);
  const entries = [root, directory("a"), directory("b")];
  const bytes = encodeSegment(entries);
  const { id, lengthBytes } = await hand.putChunk(bytes);
  const reference = { id, lengthBytes, records: 3, firstPath: "" as TreePath };
  const table = encodeTopTable([reference]);
  const header = (count: number): Buffer => {
    const out = new ByteWriter();
    out.varint(1);
    out.varint(count);
    return out.take();
  };
  const cases: Readonly<Record<string, { readonly parts: ImageParts; readonly codes: readonly ErrorCode[] }>> = {
    "first-path": { parts: { references: [{ ...reference, firstPath: "a" as TreePath }] }, codes: ["FORMAT_INVALID"] },
    records: { parts: { references: [{ ...reference, records: 2 }] }, codes: ["FORMAT_INVALID"] },
    "length-of-a-segment": {
      parts: { references: [{ ...reference, lengthBytes: lengthBytes - 1 }] },
      codes: ["OBJECT_MISSING"],
    },
    "segment-of-4-gib": { parts: { references: [{ ...reference, lengthBytes: 2 ** 32 }] }, codes: ["FORMAT_INVALID"] },
    "a-segment-twice": { parts: { references: [reference, reference] }, codes: ["FORMAT_INVALID"] },
    "no-segments": { parts: { references: [] }, codes: ["FORMAT_INVALID"] },
    digest: { parts: { table, references: [] }, codes: ["FORMAT_INVALID"] },
    version: {
      parts: { table: Buffer.concat([Buffer.from([2]), table.subarray(1)]), references: [reference] },
      codes: ["FORMAT_UNKNOWN"],
    },
    count: { parts: { table: header(Number.MAX_SAFE_INTEGER) }, codes: ["FORMAT_INVALID"] },
    "more-than-the-count": {
      parts: { table: Buffer.concat([table, Buffer.from([0])]), references: [reference] },
      codes: ["FORMAT_INVALID"],
    },
    "table-of-256-mib": {
      parts: {
        tree: { table: Array.from({ length: 300 }, () => ({ id, lengthBytes: 1024 * 1024 })), digest: "0".repeat(64) },
      },
      codes: ["FORMAT_INVALID"],
    },
  };
  for (const [name, { parts, codes }] of Object.entries(cases)) {
    await hand.putImage(name, { segments: [], ...parts });
    await assertRefused(place, name, codes);
  }
});

test("a manifest that decodes to far more than it may is refused in little memory", asRoot, async (context) => {
  const { place, hand } = await handMade(context);
  const image = await hand.putImage("base", { entries: [root] });
  const params = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
  const manifests: Readonly<Record<string, Buffer>> = {
    zeros: bomb(aGiB / 2),
    "many-objects": zstdCompressSync(Buffer.from(`{"formatVersion":1,"head":[${"{},".repeat(20_000_000)}0]}`), params),
    nested: zstdCompressSync(Buffer.from("[".repeat(16_000_000)), params),
    "no-json": zstdCompressSync(Buffer.from("nothing")),
    "no-zstd": Buffer.from("nothing"),
    null: zstdCompressSync(Buffer.from("null")),
    "another-version": zstdCompressSync(Buffer.from(JSON.stringify({ formatVersion: 2 }))),
  };
  const blobs = hand.store.blobs;
  for (const [name, bytes] of Object.entries(manifests)) {
    const id = sha256(bytes).toString("hex");
    await blobs.put(`images/${id}`, [bytes]);
    const record = {
      image: id,
      name,
      tag: "1",
      kind: "directory",
      capturedAt: new Date(0).toISOString(),
      consistency: "fuzzy",
      entries: 0,
      files: 0,
      bytes: 0,
      newBytes: 0,
      storedBytes: 0,
    };
    await blobs.put(`names/${name}/1`, [sealObject("name", record)]);
    const before = process.memoryUsage.rss();
    await assert.rejects(
      showImage(name, { paths: place.paths }),
      ({ code }: { code?: string }) => code === "FORMAT_INVALID" || code === "FORMAT_UNKNOWN",
    );
    const grownMib = Math.round((process.memoryUsage.rss() - before) / 1024 / 1024);
    assert.ok(grownMib * 1024 * 1024 < allowedGrowthBytes, `${name}: memory grew by ${grownMib} MiB`);
  }
  assert.equal((await showImage("base", { paths: place.paths })).name.image, image);
});
