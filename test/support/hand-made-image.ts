import { createHash, randomBytes } from "node:crypto";
import type { Manifest, TreeReference } from "../../src/core/manifest/manifest.ts";
import type { TreePath } from "../../src/core/tree/byte-string.ts";
import type { ChunkId, Entry, EntryContent, EntryMetadata, Piece } from "../../src/core/tree/entry.ts";
import { processProbe } from "../../src/host/process-probe.ts";
import type { BlobStore } from "../../src/image/blob-store/blob-store.ts";
import { sha256 } from "../../src/image/chunker/decode-block.ts";
import { ByteWriter } from "../../src/image/format/byte-writer.ts";
import { encodeManifest } from "../../src/image/format/manifest-object.ts";
import { encodePack, type Codec } from "../../src/image/format/pack.ts";
import { writeBody } from "../../src/image/format/record.ts";
import { encodeTopTable, type SegmentReference } from "../../src/image/format/top-table.ts";
import { putNextName, type ImageId } from "../../src/image/store/image-names.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";

/** Metadata of an entry that nobody looks at. */
export const plainMetadata: EntryMetadata = {
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtimeSec: 1,
  mtimeNsec: 0,
  flags: 0,
  xattrs: [],
};

/** An entry with {@link plainMetadata}. The path may be anything, also what no image may hold. */
export function entry(path: string, content: EntryContent, metadata: Partial<EntryMetadata> = {}): Entry {
  return { ...plainMetadata, ...metadata, ...content, path: path as TreePath };
}

/** A directory. */
export function directory(path: string): Entry {
  return entry(path, { kind: "directory" });
}

/** A further name. */
export function link(path: string, target: string): Entry {
  return entry(path, { kind: "link", target: target as TreePath });
}

/** A segment with these entries, whatever their paths are and in whatever order. */
export function encodeSegment(entries: readonly Entry[]): Buffer {
  const out = new ByteWriter();
  for (const each of entries) {
    out.varint(0);
    out.blob(each.path);
    writeBody(out, each);
  }
  return out.take();
}

/** A block with what its pack's footer is to say of it, true or not. */
export interface StoredBlock {
  readonly stored: Uint8Array;
  readonly codec: Codec;
  readonly chunks: readonly { readonly id: ChunkId; readonly lengthBytes: number }[];
}

/** What an image is made of; each part may be given instead of made from the ones before. */
export interface ImageParts {
  readonly entries?: readonly Entry[];
  readonly segments?: readonly Buffer[];
  readonly references?: readonly SegmentReference[];
  readonly table?: Buffer;
  readonly tree?: TreeReference;
}

/** Puts objects into a store as an enemy could: by the formats, without the rules. */
export class HandMadeStore implements Disposable {
  readonly store: ImageStore;

  static async make(blobs: BlobStore, cacheDirectory: string): Promise<HandMadeStore> {
    return new HandMadeStore(await ImageStore.openOrCreate({ blobs, probe: processProbe, cacheDirectory }));
  }

  private constructor(store: ImageStore) {
    this.store = store;
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
  }

  /** Puts a pack of one block. */
  async putBlock({ stored, codec, chunks }: StoredBlock): Promise<void> {
    const chunkIds = Buffer.concat(chunks.map(({ id }) => Buffer.from(id, "hex")));
    const chunkLengths = Uint32Array.from(chunks, ({ lengthBytes }) => lengthBytes);
    const plainBytes = chunkLengths.reduce((sum, length) => sum + length, 0);
    const pack = encodePack([{ id: sha256(stored), codec, stored, plainBytes, chunkIds, chunkLengths }]);
    await this.store.blobs.put(`packs/${pack.id.slice(0, 2)}/${pack.id}`, pack.parts);
  }

  /** Puts bytes as a chunk in a block of its own, not compressed. */
  async putChunk(bytes: Uint8Array): Promise<Piece & { kind: "chunk" }> {
    const id = sha256(bytes).toString("hex") as ChunkId;
    await this.putBlock({ stored: bytes, codec: 0, chunks: [{ id, lengthBytes: bytes.length }] });
    return { kind: "chunk", id, lengthBytes: bytes.length };
  }

  /** Puts a regular file's only chunk and returns its entry. */
  async file(path: string, content: string): Promise<Entry> {
    const piece = await this.putChunk(Buffer.from(content));
    return entry(path, { kind: "file", sizeBytes: piece.lengthBytes, pieces: [piece] });
  }

  /** Puts an image and names it. */
  async putImage(name: string, parts: ImageParts): Promise<ImageId> {
    const segments = parts.segments ?? [encodeSegment(parts.entries ?? [])];
    const references: SegmentReference[] = [];
    for (const [at, segment] of segments.entries()) {
      const { id, lengthBytes } = await this.putChunk(segment);
      const own = at === 0 ? parts.entries : undefined;
      references.push({ id, lengthBytes, records: own?.length ?? 1, firstPath: own?.[0]?.path ?? ("" as TreePath) });
    }
    const table = parts.table ?? encodeTopTable(parts.references ?? references);
    const piece = await this.putChunk(table);
    const digest = createHash("sha256");
    for (const { id } of parts.references ?? references) digest.update(Buffer.from(id, "hex"));
    const tree = parts.tree ?? {
      table: [{ id: piece.id, lengthBytes: piece.lengthBytes }],
      digest: digest.digest("hex"),
    };
    const { id, bytes } = encodeManifest(handMadeManifest(name, tree, parts.entries ?? []));
    await this.store.blobs.put(`images/${id}`, [bytes]);
    const counts = { entries: 1, files: 0, bytes: 0, newBytes: 0, storedBytes: 0 };
    await putNextName(this.store.blobs, {
      image: id,
      name,
      kind: "directory",
      capturedAt: new Date(0).toISOString(),
      consistency: "fuzzy",
      ...counts,
    });
    return id;
  }
}

/** A manifest that says little but leads to `tree`. */
export function handMadeManifest(name: string, tree: TreeReference, entries: readonly Entry[]): Manifest {
  return {
    formatVersion: 1,
    head: {
      kind: "directory",
      name,
      capturedAt: "2026-11-20T00:00:00.000Z",
      writtenBy: `hand ${randomBytes(4).toString("hex")}`,
      facts: { kernels: [], packages: [], fileSystems: [] },
      excludes: [],
      mounts: [],
      ownerShift: 0,
    },
    tail: {
      tree,
      counts: { entries: entries.length, files: 0, bytes: 0 },
      consistency: "fuzzy",
      warnings: [],
      warningCount: 0,
      durationMs: 0,
    },
  };
}
