import type { BlobRange, BlobStore, ListedBlob } from "../blob-store/blob-store.ts";
import { cutRange } from "../blob-store/memory-blob-store.ts";
import { HiddenNames } from "./hidden-names.ts";
import { plainSizeOf, sealedHeadBytes, sealedRangeOf, SealedReader, sealObjectBytes } from "./sealed-segments.ts";

const namesPrefix = "names/";
const readersKept = 256;

/** What tells how to open a store, and with which keys, can be read without one. */
function isOpen(key: string): boolean {
  return key === "store.json" || key.startsWith("keys/");
}

/**
 * A blob store whose objects are sealed on their way in and opened on their way out; whoever has only `inner` learns how many
 * objects there are, their approximate sizes and when they were put. See docs/format/image.md, section 5.
 */
export function encryptedBlobStore(inner: BlobStore, master: Uint8Array): BlobStore {
  const names = new HiddenNames(master);
  const readers = new Map<string, SealedReader>();
  const innerKey = (key: string): string =>
    key.startsWith(namesPrefix) ? namesPrefix + names.hide(key.slice(namesPrefix.length)) : key;

  /** Undefined if there is no such object. */
  async function readerOf(key: string): Promise<SealedReader | undefined> {
    const known = readers.get(key);
    if (known) return known;
    const head = await inner.get(innerKey(key), { offset: 0, lengthBytes: sealedHeadBytes });
    if (head === undefined) return undefined;
    const reader = new SealedReader(master, key, head);
    // Packs, of which many parts are read, are never put again under the same name; other objects may be.
    if (key.startsWith("packs/")) readers.set(key, reader);
    const [oldest] = readers.keys();
    if (readers.size > readersKept && oldest !== undefined) readers.delete(oldest);
    return reader;
  }

  async function getWhole(key: string): Promise<Buffer | undefined> {
    const sealed = await inner.get(innerKey(key));
    if (sealed === undefined) return undefined;
    return new SealedReader(master, key, sealed).open(0, sealed.subarray(sealedHeadBytes), true);
  }

  async function getRange(key: string, { offset, lengthBytes }: BlobRange): Promise<Buffer | undefined> {
    const reader = await readerOf(key);
    if (reader === undefined) return undefined;
    const range = sealedRangeOf(offset, lengthBytes);
    const sealed = await inner.get(innerKey(key), range);
    if (sealed === undefined) return undefined;
    const plain = reader.open(range.firstSegment, sealed, sealed.length < range.lengthBytes);
    const skipped = offset - range.plainOffset;
    return plain.subarray(skipped, skipped + lengthBytes);
  }

  return {
    location: inner.location,
    put: (key, parts) => inner.put(innerKey(key), isOpen(key) ? parts : sealObjectBytes(master, key, parts)),
    async get(key, range) {
      if (isOpen(key)) return await inner.get(key, range);
      if (range !== undefined && range.offset >= 0) return await getRange(key, range);
      const whole = await getWhole(key);
      if (whole === undefined || range === undefined) return whole;
      return cutRange(whole, range);
    },
    async *list(prefix) {
      const isOfNames = prefix.startsWith(namesPrefix);
      for await (const { key, sizeBytes } of inner.list(isOfNames ? namesPrefix : prefix)) {
        const listed = shown(key, sizeBytes);
        if (listed?.key.startsWith(prefix)) yield listed;
      }
    },
    async settle(prefix) {
      if (!prefix.startsWith(namesPrefix)) {
        await inner.settle(prefix);
        return;
      }
      const folders = new Set([namesPrefix]);
      for await (const { key } of inner.list(namesPrefix)) folders.add(key.slice(0, key.lastIndexOf("/") + 1));
      for (const folder of folders) await inner.settle(folder);
    },
    async delete(key) {
      readers.delete(key);
      await inner.delete(innerKey(key));
    },
    removeLeftovers: (olderThanMs) => inner.removeLeftovers(olderThanMs),
  };

  /** Undefined for a name that was not put under this master key. */
  function shown(key: string, sizeBytes: number): ListedBlob | undefined {
    if (isOpen(key)) return { key, sizeBytes };
    if (!key.startsWith(namesPrefix)) return { key, sizeBytes: plainSizeOf(key, sizeBytes) };
    const name = names.show(key.slice(namesPrefix.length));
    return name === undefined ? undefined : { key: namesPrefix + name, sizeBytes: plainSizeOf(key, sizeBytes) };
  }
}
