import * as fc from "fast-check";
import type { ByteString, TreePath } from "../../src/core/tree/byte-string.ts";
import {
  restorableFlags,
  type ChunkId,
  type Entry,
  type EntryContent,
  type EntryMetadata,
  type ExtendedAttribute,
  type Piece,
} from "../../src/core/tree/entry.ts";
import { compareInWalkOrder } from "../../src/core/tree/walk-order.ts";
import { noMetadata } from "../../src/image/format/record.ts";

/** Random values of what the format holds. */

/** Any bytes as one character each. */
export const byteStrings = (limits: { minLength?: number; maxLength?: number } = {}): fc.Arbitrary<ByteString> =>
  fc.uint8Array(limits).map((bytes) => Buffer.from(bytes).toString("latin1") as ByteString);

/** A name as a directory may hold it: often short and alike, so that paths share beginnings and names collide. */
export const names: fc.Arbitrary<ByteString> = fc
  .oneof(
    fc.constantFrom(
      "a",
      "b",
      "a-",
      "a.",
      "ab",
      "A",
      " ",
      "-x",
      "...",
      "\xff",
      "\xc3\xa9",
      "new\nline",
      "a\\",
      "x".repeat(255),
    ),
    byteStrings({ minLength: 1, maxLength: 12 }),
    byteStrings({ minLength: 200, maxLength: 255 }),
  )
  .map((name) => name.replaceAll(/[/\0]/g, "_"))
  .map((name) => (name === "." || name === ".." ? `${name}_` : name) as ByteString);

/** A path of a few names. */
export const paths: fc.Arbitrary<TreePath> = fc
  .array(names, { minLength: 1, maxLength: 6 })
  .map((list) => list.join("/") as TreePath);

/** SHA-256 of something. */
export const chunkIds: fc.Arbitrary<ChunkId> = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex") as ChunkId);

const uint32 = fc.oneof(fc.constantFrom(0, 1, 0xffff_ffff, 4_000_000_000), fc.nat(0xffff_ffff));
const flags = fc.subarray(Object.values(restorableFlags)).map((list) => list.reduce((sum, flag) => sum | flag, 0));

/** Extended attributes in order, each name once. */
export const xattrLists: fc.Arbitrary<readonly ExtendedAttribute[]> = fc
  .uniqueArray(byteStrings({ minLength: 1, maxLength: 20 }), { maxLength: 4 })
  .chain((list) =>
    fc.tuple(
      ...list
        .map((name) => `user.${name.replaceAll("\0", "_")}`)
        .filter((name, at, all) => all.indexOf(name) === at)
        .toSorted()
        .map((name) => fc.uint8Array({ maxLength: 40 }).map((value) => ({ name: name as ByteString, value }))),
    ),
  );

/** Metadata within the limits of the format. */
export const metadata: fc.Arbitrary<EntryMetadata> = fc.record(
  {
    mode: fc.nat(0o7777),
    uid: uint32,
    gid: uint32,
    mtimeSec: fc.oneof(fc.constantFrom(0, -1, -(2 ** 52), 2 ** 52 - 1), fc.integer({ min: -(2 ** 31), max: 2 ** 34 })),
    mtimeNsec: fc.nat(999_999_999),
    flags,
    xattrs: xattrLists,
  },
  { noNullPrototype: true },
);

const holes = fc
  .oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 40 }))
  .map((lengthBytes) => ({ kind: "hole" as const, lengthBytes }));
const chunks = fc
  .tuple(chunkIds, fc.integer({ min: 1, max: 4 * 1024 * 1024 }))
  .map(([id, lengthBytes]) => ({ kind: "chunk" as const, id, lengthBytes }));
const pieces: fc.Arbitrary<readonly Piece[]> = fc.array(fc.oneof(holes, chunks), { maxLength: 5 });

const contents: fc.Arbitrary<Exclude<EntryContent, { kind: "link" }>> = fc.oneof(
  fc.constantFrom({ kind: "directory" as const }, { kind: "fifo" as const }, { kind: "socket" as const }),
  pieces.map((list) => ({
    kind: "file" as const,
    sizeBytes: list.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0),
    pieces: list,
  })),
  byteStrings({ minLength: 1, maxLength: 100 }).map((target) => ({
    kind: "symlink" as const,
    target: target.replaceAll("\0", "_") as ByteString,
  })),
  fc.record(
    {
      kind: fc.constantFrom("character-device" as const, "block-device" as const),
      major: uint32,
      minor: uint32,
    },
    { noNullPrototype: true },
  ),
);

/** One entry that is no link. */
export const entries: fc.Arbitrary<Entry> = fc
  .tuple(paths, metadata, contents)
  .map(([path, ownMetadata, content]) => ({ path, ...ownMetadata, ...content }));

/** A whole tree in walk order: the root, directories before what they hold, links to what came before. */
export const trees: fc.Arbitrary<readonly Entry[]> = fc
  .tuple(metadata, fc.array(fc.tuple(entries, fc.nat()), { maxLength: 40 }))
  .map(([rootMetadata, drawn]) => {
    const tree = new Map<string, Entry>([["", { path: "" as TreePath, kind: "directory", ...rootMetadata }]]);
    for (const [entry] of drawn) {
      const list = entry.path.split("/");
      const parents = list.slice(0, -1).map((_, at) => list.slice(0, at + 1).join("/") as TreePath);
      if (tree.has(entry.path) || parents.some((path) => (tree.get(path)?.kind ?? "directory") !== "directory"))
        continue;
      for (const path of parents) if (!tree.has(path)) tree.set(path, { path, kind: "directory", ...rootMetadata });
      tree.set(entry.path, entry);
    }
    const ordered = [...tree.values()].toSorted((a, b) => compareInWalkOrder(a.path, b.path));
    return ordered.map((entry, at) => {
      const [, draw] = drawn[at % Math.max(1, drawn.length)] ?? [undefined, 1];
      const first = ordered.slice(1, at)[draw % 7];
      if (entry.kind !== "fifo" || first === undefined || first.kind === "directory" || first.kind === "fifo")
        return entry;
      return { path: entry.path, kind: "link" as const, target: first.path, ...noMetadata };
    });
  });
