import type { TreePath } from "../../src/core/tree/byte-string.ts";
import type { ChunkId, Entry } from "../../src/core/tree/entry.ts";
import { compareInWalkOrder } from "../../src/core/tree/walk-order.ts";
import { sha256 } from "../../src/image/chunker/decode-block.ts";
import { ByteWriter } from "../../src/image/format/byte-writer.ts";
import { encodeManifest } from "../../src/image/format/manifest-object.ts";
import { writeBody } from "../../src/image/format/record.ts";
import { putNextName, type ImageId, type ImageName } from "../../src/image/store/image-names.ts";
import type { ImageStore } from "../../src/image/store/image-store.ts";
import { PackWriter } from "../../src/image/store/pack-writer.ts";
import { readTree } from "../../src/image/tree-index/tree-index-reader.ts";
import { TreeIndexWriter } from "../../src/image/tree-index/tree-index-writer.ts";
import { handMadeManifest, plainMetadata } from "./hand-made-image.ts";

/** Files of a tree without directories: content by name. */
export type Files = Readonly<Record<string, string>>;

/**
 * Stores an image as a capture does, without a tree on disk, a session or a cache: one pack, each file that the store does not have
 * in a block of its own.
 *
 * @param looks False goes by what the store's index knows already, as a capture does that has begun before.
 */
export async function putUnnamedImage(store: ImageStore, files: Files, name = "web", looks = true): Promise<ImageId> {
  if (looks) await store.refresh();
  const packs = new PackWriter(store.blobs, store.index);
  const index = new TreeIndexWriter(packs, store.index);
  const entries: Entry[] = [{ ...plainMetadata, kind: "directory", path: "" as TreePath }];
  for (const path of Object.keys(files) as TreePath[]) {
    const content = Buffer.from(files[path] ?? "");
    const id = sha256(content);
    const piece = { kind: "chunk", id: id.toString("hex") as ChunkId, lengthBytes: content.length } as const;
    entries.push({ ...plainMetadata, kind: "file", path, sizeBytes: content.length, pieces: [piece] });
    if (store.index.has(id)) continue;
    const block = { id, codec: 0, stored: Uint8Array.from(content), plainBytes: content.length } as const;
    await packs.add({ ...block, chunkIds: id, chunkLengths: Uint32Array.of(content.length) });
  }
  const out = new ByteWriter();
  for (const entry of entries.toSorted((a, b) => compareInWalkOrder(a.path, b.path))) {
    out.reset();
    writeBody(out, entry);
    await index.add(entry.path, out.take());
  }
  const tree = await index.end();
  await packs.flush();
  const { id, bytes } = encodeManifest(handMadeManifest(name, tree, entries));
  await store.blobs.put(`images/${id}`, [bytes]);
  return id;
}

/** Stores an image and gives it the next number as tag. */
export async function putImage(store: ImageStore, files: Files, name = "web", looks = true): Promise<ImageName> {
  const image = await putUnnamedImage(store, files, name, looks);
  return await putNextName(store.blobs, {
    image,
    name,
    kind: "directory",
    capturedAt: new Date().toISOString(),
    consistency: "fuzzy",
    entries: Object.keys(files).length + 1,
    files: Object.keys(files).length,
    bytes: Object.values(files).reduce((sum, content) => sum + content.length, 0),
    newBytes: 0,
    storedBytes: 0,
  });
}

/** Reads the files of an image back, every byte. */
export async function readFiles(store: ImageStore, image: ImageId): Promise<Files> {
  const files: Record<string, string> = {};
  for await (const entry of readTree(store.chunks, (await store.readManifest(image)).tail.tree)) {
    if (entry.kind !== "file") continue;
    let content = "";
    for (const piece of entry.pieces)
      if (piece.kind === "chunk") content += (await store.chunks.readChunk(piece.id, piece.lengthBytes)).toString();
    files[entry.path] = content;
  }
  return files;
}
