import type { BlockEntry } from "../../../image/format/pack.ts";
import { encodeIndexPart, type DirectoryEntry, type IndexItem } from "../wire/index-part.ts";

const partBytes = 512 * 1024;

/** Gathers items into parts of the index. */
export class PartWriter {
  readonly #parts: Buffer[] = [];
  #items: IndexItem[] = [];
  #bytes = 0;
  #directory: DirectoryEntry[] = [];
  #directoryBytes = 0;

  add(item: IndexItem): void {
    this.#endDirectory();
    this.#add(item, "bytes" in item ? item.bytes.length : 0);
  }

  /** Adds a block to the directory that is being gathered. */
  addBlock({ codec, storedBytes, chunkIds, chunkLengths }: BlockEntry): void {
    this.#directory.push({ codec, storedBytes, chunkIds, chunkLengths });
    this.#directoryBytes += 16 + chunkLengths.length * 36;
    if (this.#directoryBytes >= partBytes) this.#endDirectory();
  }

  end(): readonly Buffer[] {
    this.#endDirectory();
    if (this.#items.length > 0) this.#close();
    return this.#parts;
  }

  #add(item: IndexItem, bytes: number): void {
    this.#items.push(item);
    this.#bytes += bytes;
    if (this.#bytes >= partBytes) this.#close();
  }

  #endDirectory(): void {
    if (this.#directory.length === 0) return;
    const [blocks, bytes] = [this.#directory, this.#directoryBytes];
    this.#directory = [];
    this.#directoryBytes = 0;
    this.#add({ kind: "directory", blocks }, bytes);
  }

  #close(): void {
    this.#parts.push(encodeIndexPart(this.#items));
    this.#items = [];
    this.#bytes = 0;
  }
}
