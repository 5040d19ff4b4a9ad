import type { BlobRange, BlobStore, ListedBlob } from "./blob-store.ts";

/** A {@link BlobStore} in memory; `objects` is its content, for tests to look at and change. */
export function memoryBlobStore(
  objects: Map<string, Buffer> = new Map(),
): BlobStore & { readonly objects: Map<string, Buffer> } {
  return {
    objects,
    location: "memory",
    async put(key, parts) {
      if (objects.has(key)) return false;
      objects.set(key, Buffer.concat(parts));
      return true;
    },
    async get(key, range) {
      const object = objects.get(key);
      return object === undefined ? undefined : Buffer.from(cutRange(object, range));
    },
    async *list(prefix): AsyncGenerator<ListedBlob> {
      for (const [key, object] of Array.from(objects))
        if (key.startsWith(prefix)) yield { key, sizeBytes: object.length };
    },
    async settle() {
      // What is seen here is as durable as it will ever be.
    },
    async delete(key) {
      objects.delete(key);
    },
    async removeLeftovers() {
      return 0;
    },
  };
}

/** The bytes of `object` that `range` names. */
export function cutRange(object: Buffer, range: BlobRange | undefined): Buffer {
  if (range === undefined) return object;
  const start = range.offset < 0 ? Math.max(0, object.length + range.offset) : range.offset;
  return object.subarray(start, start + range.lengthBytes);
}
