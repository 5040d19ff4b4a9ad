import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { TreePath } from "../../src/core/tree/byte-string.ts";
import { decodeBlock } from "../../src/image/chunker/decode-block.ts";
import { ByteReader } from "../../src/image/format/byte-reader.ts";
import { limits } from "../../src/image/format/limits.ts";
import { decodeManifest } from "../../src/image/format/manifest-object.ts";
import { decodePackFooter, decodePackTrailer, packTrailerBytes, type PackId } from "../../src/image/format/pack.ts";
import { readBody } from "../../src/image/format/record.ts";
import { openSealedObject } from "../../src/image/format/sealed-object.ts";
import { readSegment } from "../../src/image/format/segment.ts";
import { decodeTopTable } from "../../src/image/format/top-table.ts";
import { openImageSignature } from "../../src/image/signatures/image-signature.ts";
import { openCondemnation } from "../../src/image/store/condemnation.ts";
import { openImageName, type ImageId } from "../../src/image/store/image-names.ts";
import { openSession } from "../../src/image/store/session.ts";
import { TreeGuard } from "../../src/image/tree-index/tree-index-reader.ts";
import { recordFiles } from "../golden/samples.ts";
import type { FuzzTarget } from "./fuzz.ts";

const golden = (name: string): Buffer => readFileSync(join(import.meta.dirname, "../golden", name));
const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const path = "a/b" as TreePath;

/** The body of a record, on its own. */
export const recordTarget: FuzzTarget = {
  name: "record",
  seeds: recordFiles.map(golden),
  decode: (bytes) => {
    const reader = new ByteReader(bytes, "fuzz");
    readBody(reader, path);
    reader.end();
  },
};

/** A segment, entry by entry, held against the rules for a whole tree. */
export const segmentTarget: FuzzTarget = {
  name: "segment",
  seeds: [golden("segment.bin"), golden("streams-segment.bin")],
  decode: (bytes) => {
    const guard = new TreeGuard();
    for (const entry of readSegment(bytes, "fuzz")) guard.check(entry);
    guard.end();
  },
};

export const topTableTarget: FuzzTarget = {
  name: "top table",
  seeds: [golden("top-table.bin")],
  decode: decodeTopTable,
};

const pack = golden("pack.bin");
const footer = pack.subarray(
  pack.length - packTrailerBytes - pack.readUInt32LE(pack.length - packTrailerBytes),
  pack.length - packTrailerBytes,
);

/** The trailer of a pack under its name, and under the name that it gives itself. */
export const packTrailerTarget: FuzzTarget = {
  name: "pack trailer",
  seeds: [pack.subarray(-packTrailerBytes)],
  decode: (bytes) => decodePackTrailer(bytes, bytes.toString("hex", 4, 36) as PackId, pack.length),
};

/** A footer whose name always fits, as an enemy would make it. */
export const packFooterTarget: FuzzTarget = {
  name: "pack footer",
  seeds: [footer],
  decode: (bytes) => decodePackFooter(bytes, hashOf(bytes) as PackId, pack.length - footer.length + bytes.length),
};

const sealedKinds = ["store", "name", "session", "condemned", "lost", "signature"] as const;

/** Sealed objects as they are, and with a seal that fits what they say. */
export const sealedObjectTarget: FuzzTarget = {
  name: "sealed object",
  seeds: sealedKinds.map((kind) => golden(`sealed-${kind}.txt`)),
  decode: (bytes) => {
    const kind = sealedKinds.find((each) => bytes.includes(`rehome ${each} `)) ?? "name";
    const end = bytes.indexOf(0x0a);
    const body = bytes.subarray(end + 1);
    const resealed = Buffer.concat([Buffer.from(`rehome ${kind} 1 ${hashOf(body)}\n`), body]);
    if (bytes.length % 8 === 0) return openSealedObject(kind, bytes, "fuzz");
    if (kind === "name") return openImageName(resealed, "names/web/1");
    if (kind === "condemned") return openCondemnation(resealed, "condemned/ffeeddccbbaa99887766554433221100.0");
    if (kind === "session") return openSession(resealed, "sessions/00112233445566778899aabbccddeeff.3");
    if (kind === "signature") return openImageSignature(resealed, "signatures/fuzz");
    return openSealedObject(kind, resealed, "fuzz");
  },
};

const manifests = ["manifest.zst", "manifest-streams.zst"].map(golden);

/** A manifest whose name always fits; damaged as it is stored, and as it is plain. */
export const manifestTarget: FuzzTarget = {
  name: "manifest",
  seeds: [...manifests, ...manifests.map((stored) => zstdDecompressSync(stored))],
  decode: (bytes) => {
    const stored = bytes[0] === 0x7b ? zstdCompressSync(bytes) : bytes;
    return decodeManifest(stored, hashOf(stored) as ImageId);
  },
};

const plain = Buffer.concat([Buffer.alloc(5000, "text that shrinks "), golden("gear.bin")]);

/** A block of either codec that says of itself how long it is. */
export const blockTarget: FuzzTarget = {
  name: "block",
  seeds: [zstdCompressSync(plain), zstdCompressSync(Buffer.alloc(limits.blockBytes)), plain],
  decode: (bytes) => decodeBlock(bytes, bytes.length % 5 === 0 ? 0 : 1, plain.length, "fuzz"),
};
