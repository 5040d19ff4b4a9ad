import type { BlobStore } from "./blob-store.ts";

/**
 * Reads all (small) objects below `prefix`, as of one listing that held: an object that is gone when it is read may have
 * been put again under another key, so then everything is listed again.
 */
export async function readAll(
  blobs: BlobStore,
  prefix: string,
): Promise<{ readonly key: string; readonly bytes: Buffer }[]> {
  for (;;) {
    const found: { key: string; bytes: Buffer }[] = [];
    let held = true;
    for await (const { key } of blobs.list(prefix)) {
      const bytes = await blobs.get(key);
      if (bytes === undefined) held = false;
      else found.push({ key, bytes });
    }
    if (held) return found;
  }
}
