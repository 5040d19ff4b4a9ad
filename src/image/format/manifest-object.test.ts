import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { manifest } from "../../../test/golden/manifests.ts";
import { FormatInvalidError, FormatUnknownError, ObjectDamagedError } from "../errors.ts";
import type { ImageId } from "../store/image-names.ts";
import { limits } from "./limits.ts";
import { decodeManifest, encodeManifest } from "./manifest-object.ts";

/** Decodes bytes under their right name, as an enemy would put them. */
const decode = (bytes: Buffer): unknown =>
  decodeManifest(bytes, createHash("sha256").update(bytes).digest("hex") as ImageId);
const decodeValue = (value: unknown): unknown => decode(zstdCompressSync(JSON.stringify(value)));

test("decodeManifest() gives back what encodeManifest() was given", () => {
  const { id, bytes } = encodeManifest(manifest);
  assert.deepEqual(decodeManifest(bytes, id), manifest);
});

test("decodeManifest() refuses bytes that do not match their name", () => {
  const { id, bytes } = encodeManifest(manifest);
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    assert.throws(() => decodeManifest(flipped, id), ObjectDamagedError);
  }
});

test("decodeManifest() refuses what is no manifest", () => {
  for (const value of [null, 1, "x", [], {}])
    assert.throws(
      () => decodeValue(value),
      (error) => error instanceof FormatInvalidError || error instanceof FormatUnknownError,
    );
  assert.throws(() => decodeValue({ ...manifest, formatVersion: 3 }), FormatUnknownError);
  assert.throws(() => decode(Buffer.from("no zstd")), FormatInvalidError);
  assert.throws(() => decode(zstdCompressSync("no json")), FormatInvalidError);
});

test("decodeManifest() refuses a manifest without what readers rely on", () => {
  const { head, tail } = manifest;
  const { tree } = tail;
  const id = "ab".repeat(32);
  const broken: readonly unknown[] = [
    { ...manifest, head: undefined },
    { ...manifest, tail: undefined },
    { ...manifest, tail: { ...tail, tree: null } },
    ...["name", "kind", "capturedAt", "facts", "excludes", "mounts"].map((field) => ({
      ...manifest,
      head: { ...head, [field]: undefined },
    })),
    ...["tree", "counts", "warnings"].map((field) => ({ ...manifest, tail: { ...tail, [field]: undefined } })),
    ...[
      null,
      {},
      [null],
      [{}],
      [{ id, lengthBytes: 0 }],
      [{ id, lengthBytes: -1 }],
      [{ id, lengthBytes: 1.5 }],
      [{ id, lengthBytes: "1" }],
      [{ id, lengthBytes: limits.chunkBytes + 1 }],
      [{ id: "../x", lengthBytes: 1 }],
      [{ id: 1, lengthBytes: 1 }],
      Array.from({ length: 100 }, () => ({ id, lengthBytes: limits.chunkBytes })),
    ].map((table) => ({ ...manifest, tail: { ...tail, tree: { ...tree, table } } })),
    { ...manifest, tail: { ...tail, tree: { ...tree, digest: 1 } } },
    ...[
      null,
      1,
      {},
      { contents: "left-out", count: 1 },
      { contents: "left-out", count: 1, files: [null] },
      { contents: "left-out", count: 1, files: [{ path: 1, kind: "token" }] },
      { contents: 1, count: 0, files: [] },
      { contents: "left-out", count: "1", files: [] },
    ].map((secrets) => ({ ...manifest, tail: { ...tail, secrets } })),
  ];
  for (const [at, value] of broken.entries())
    assert.throws(() => decodeValue(value), FormatInvalidError, `case ${at}: ${JSON.stringify(value).slice(0, 200)}`);
});

test("decodeManifest() takes fields that later versions may add", () => {
  const added = { ...manifest, added: 1, tail: { ...manifest.tail, added: { more: true } } };
  assert.deepEqual(decodeValue(added), added);
});

test("encodeManifest() refuses what decodeManifest() would", () => {
  const excludes = Array.from({ length: limits.jsonValues + 1 }, () => "x");
  assert.throws(() => encodeManifest({ ...manifest, head: { ...manifest.head, excludes } }), FormatInvalidError);
  const long = ["x".repeat(limits.manifestBytes)];
  assert.throws(() => encodeManifest({ ...manifest, head: { ...manifest.head, excludes: long } }), FormatInvalidError);
});
