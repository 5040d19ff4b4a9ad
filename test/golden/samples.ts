import { createHash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import type { ByteString } from "../../src/core/tree/byte-string.ts";
import type { ChunkId, Entry, EntryMetadata, ExtendedAttribute } from "../../src/core/tree/entry.ts";
import { sha256 } from "../../src/image/chunker/decode-block.ts";
import type { EncodedBlock } from "../../src/image/format/pack.ts";
import type { SealedKind } from "../../src/image/format/sealed-object.ts";
import type { SegmentReference } from "../../src/image/format/top-table.ts";

/** What the golden files hold, as values. `scripts/write-golden.ts` wrote the files from them once. */

const bytes = (text: string): ByteString => text as ByteString;
const xattr = (name: string, hex: string): ExtendedAttribute => ({
  name: bytes(name),
  value: Uint8Array.from(Buffer.from(hex, "hex")),
});
/** An id made of any text. */
export const idOf = (text: string): ChunkId => createHash("sha256").update(text).digest("hex") as ChunkId;
const metadata = (more: Partial<EntryMetadata> = {}): EntryMetadata => ({
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtimeSec: 1_795_000_000,
  mtimeNsec: 123_456_789,
  flags: 0,
  xattrs: [],
  ...more,
});

/** One entry of each kind, with the extremes of each field, in walk order. */
export const entries: readonly Entry[] = [
  { path: bytes(""), kind: "directory", ...metadata({ mode: 0o755 }) },
  {
    path: bytes("block"),
    kind: "block-device",
    major: 0xffff_ffff,
    minor: 70_000,
    ...metadata({ mode: 0o660, gid: 6 }),
  },
  {
    path: bytes("char"),
    kind: "character-device",
    major: 0,
    minor: 0,
    ...metadata({ mode: 0, mtimeSec: 0, mtimeNsec: 0 }),
  },
  {
    path: bytes("dir"),
    kind: "directory",
    ...metadata({
      mode: 0o7777,
      flags: 0x0081_00f8,
      xattrs: [xattr("system.posix_acl_default", "0200000001000700ffffffff")],
    }),
  },
  {
    path: bytes("dir/bad-\xff\xfe\xe9"),
    kind: "file",
    sizeBytes: 0,
    pieces: [],
    ...metadata({ uid: 0xffff_ffff, gid: 4_000_000_001 }),
  },
  {
    path: bytes("dir/file"),
    kind: "file",
    sizeBytes: 8_388_708,
    pieces: [
      { kind: "hole", lengthBytes: 4_096 },
      { kind: "chunk", id: idOf("one"), lengthBytes: 1 },
      { kind: "chunk", id: idOf("two"), lengthBytes: 4_194_304 },
      { kind: "hole", lengthBytes: 4_190_307 },
    ],
    ...metadata({
      mtimeSec: -143_670_351,
      mtimeNsec: 987_654_321,
      xattrs: [
        xattr("security.capability", "0000000200200000000000000000000000000000"),
        xattr("user.empty", ""),
        xattr("user.\xff", "00ff0a0d00"),
      ],
    }),
  },
  {
    path: bytes("dir/link"),
    kind: "link",
    target: bytes("dir/file"),
    ...metadata({ mode: 0, mtimeSec: 0, mtimeNsec: 0 }),
  },
  { path: bytes("dir-x"), kind: "socket", ...metadata({ mtimeSec: -(2 ** 52), mtimeNsec: 999_999_999 }) },
  { path: bytes("fifo"), kind: "fifo", ...metadata({ mtimeSec: 2 ** 52 - 1 }) },
  { path: bytes("symlink"), kind: "symlink", target: bytes("../\xff\xfe/target"), ...metadata({ mode: 0o777 }) },
];

/** Names of the files with one record each, in the order of {@link entries}. */
export const recordFiles: readonly string[] = [
  "root",
  "block-device",
  "character-device",
  "directory",
  "empty-file",
  "file",
  "link",
  "socket",
  "fifo",
  "symlink",
].map((name) => `record-${name}.bin`);

/** Two segments, one with a first path and one without. */
export const segments: readonly SegmentReference[] = [
  { id: idOf("first segment"), lengthBytes: 262_150, records: 2_000, firstPath: bytes("") },
  { id: idOf("second segment"), lengthBytes: 33_000, records: 1, firstPath: bytes("usr/share/\xff") },
];

/** What makes the name of the pack one of its own. */
export const packSalt: Buffer = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");

/** The plain bytes of the two blocks of the pack. */
export const plainBlocks: readonly (readonly Buffer[])[] = [
  [Buffer.from("first chunk, "), Buffer.from("second chunk, ".repeat(100))],
  [Buffer.from([0x00, 0xff, 0x0a])],
];

/** Two blocks, one compressed and one not. The compressed one is decoded from the file: another zstd may write it otherwise. */
export function encodeBlocks(): EncodedBlock[] {
  return plainBlocks.map((chunks, at) => {
    const plain = Buffer.concat(chunks);
    const stored = at === 0 ? new Uint8Array(zstdCompressSync(plain)) : Uint8Array.from(plain);
    return {
      id: sha256(stored),
      codec: at === 0 ? 1 : 0,
      stored,
      plainBytes: plain.length,
      chunkIds: Buffer.concat(chunks.map((chunk) => sha256(chunk))),
      chunkLengths: Uint32Array.from(chunks, ({ length }) => length),
    };
  });
}

/** A sealed object of every kind that a store holds. */
export const sealed: readonly { readonly kind: SealedKind; readonly value: unknown }[] = [
  {
    kind: "store",
    value: {
      id: "0123456789abcdef0123456789abcdef",
      formatVersion: 1,
      cut: 1,
      createdAt: "2026-11-20T10:00:00.000Z",
      encryption: null,
    },
  },
  {
    kind: "name",
    value: {
      image: idOf("image"),
      name: "web",
      tag: "1",
      kind: "machine",
      capturedAt: "2026-11-20T10:00:00.000Z",
      consistency: "application",
      entries: 10,
      files: 2,
      bytes: 4_194_305,
      newBytes: 4_194_305,
      storedBytes: 1_000_000,
    },
  },
  {
    kind: "session",
    value: {
      id: "00112233445566778899aabbccddeeff",
      sequence: 3,
      renewedAt: "2026-11-20T10:00:00.000Z",
      graceMs: 3_600_000,
      owner: {
        host: "alpha",
        bootId: "6e3f5c1a-0000-4000-8000-000000000000",
        pidNamespace: "pid:[4026531836]",
        pid: 4_711,
        startTicks: 123_456,
      },
      images: [idOf("image")],
      purpose: "capture web",
    },
  },
  {
    kind: "condemned",
    value: {
      id: "ffeeddccbbaa99887766554433221100",
      condemnedAt: "2026-11-20T10:00:00.000Z",
      packs: [idOf("pack")],
      images: [],
      waitsFor: null,
    },
  },
  {
    kind: "lost",
    value: { id: "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", foundAt: "2026-11-20T10:00:00.000Z", packs: [idOf("pack")] },
  },
  {
    kind: "signature",
    value: {
      image: idOf("image"),
      name: "web",
      tag: "1",
      signer: "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c",
      signature:
        "152c8f2000ff202b4a7d406cb84208f1677d938dee3ddde36be12dcba60836aed24e1736efcffb671d9ec2649bd4c01edacb8cd0c1e3ab7342e4503beaf94c0e",
    },
  },
];

/** The stream whose cut points are golden: SHA-256 of 0, 1, 2, … as u32, joined. */
export function cutStream(sizeBytes: number = 6 * 1024 * 1024): Buffer {
  const stream = Buffer.alloc(sizeBytes);
  const counter = Buffer.alloc(4);
  for (let at = 0; at * 32 < sizeBytes; at++) {
    counter.writeUInt32LE(at);
    sha256(counter).copy(stream, at * 32);
  }
  return stream;
}
