import type { BlobStore } from "./blob-store.ts";

/**
 * Reads all (small) objects below `prefix`, as they were at one moment: lists again until two listings are equal and
 * everything listed could be read. One listing alone may show neither the object that another one is about to replace
 * (a renewed session, a settled condemnation) nor the one that has replaced it.
 */
export async function readAll(
  blobs: BlobStore,
  prefix: string,
): Promise<{ readonly key: string; readonly bytes: Buffer }[]> {
  let keys = await listKeys(blobs, prefix);
  for (;;) {
    const found: { key: string; bytes: Buffer }[] = [];
    for (const key of keys) {
      const bytes = await blobs.get(key);
      if (bytes !== undefined) found.push({ key, bytes });
    }
    const after = await listKeys(blobs, prefix);
    if (found.length === keys.length && after.length === keys.length && after.every((key, at) => key === keys[at]))
      return found;
    keys = after;
  }
}

async function listKeys(blobs: BlobStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blobs.list(prefix)) keys.push(key);
  return keys.toSorted();
}
