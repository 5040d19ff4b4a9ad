import koffi from "koffi";
import { closeSync, openSync } from "node:fs";

const library = koffi.load("libc.so.6");
const map: (at: null, length: number, protection: number, flags: number, file: number, offset: number) => unknown =
  library.func("void *mmap(void *, size_t, int, int, int, int64_t)") as never;
const copy: (to: unknown, from: Uint8Array, length: number) => unknown = library.func(
  "void *memcpy(void *, const void *, size_t)",
) as never;
const unmap: (at: unknown, length: number) => number = library.func("int munmap(void *, size_t)") as never;

/** A file mapped into this process' memory: writes go to its pages without any call to the kernel. */
export class MappedFile implements Disposable {
  readonly #memory: unknown;
  readonly #length: number;

  constructor(path: string, length: number) {
    const [readAndWrite, shared] = [3, 1];
    const file = openSync(path, "r+");
    this.#memory = map(null, length, readAndWrite, shared, file, 0);
    this.#length = length;
    closeSync(file);
  }

  /** Writes at the start of the mapping. */
  write(bytes: Uint8Array): void {
    copy(this.#memory, bytes, bytes.length);
  }

  [Symbol.dispose](): void {
    unmap(this.#memory, this.#length);
  }
}
