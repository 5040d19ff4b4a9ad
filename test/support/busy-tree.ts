import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { run } from "./run.ts";

const mebibyte = 1024 * 1024;

/** A tree that takes a while to capture and to restore: thousands of small files, one of 200 MB with holes, links and flags. */
export class BusyTree {
  readonly root: string;
  readonly #random: () => number;
  readonly #files: string[] = [];

  constructor(root: string, fileCount: number, random: () => number) {
    this.root = root;
    this.#random = random;
    for (let number = 0; number < fileCount; number++) {
      const directory = join(root, `d${number % 50}`, `e${number % 7}`);
      mkdirSync(directory, { recursive: true });
      this.#files.push(join(directory, `file-${number}`));
      this.#write(this.#files.at(-1) as string);
    }
    for (let number = 0; number < 20; number++) {
      linkSync(this.#files[number * 3] as string, join(root, `link-${number}`));
      symlinkSync(`d${number}/nowhere`, join(root, `symlink-${number}`));
    }
    writeFileSync(join(root, "big"), "");
    for (let extent = 0; extent < 8; extent++) this.#writeExtent(extent, 4 * mebibyte);
    if (process.getuid?.() !== 0) return;
    mkdirSync(join(root, "fixed"));
    writeFileSync(join(root, "fixed", "file"), "cannot be changed");
    run("chattr", "+i", join(root, "fixed", "file"), join(root, "fixed"));
  }

  /** Changes some files, and two pieces of the large one. */
  change(fileCount: number): void {
    for (let count = 0; count < fileCount; count++) this.#write(this.#files[this.#below(this.#files.length)] as string);
    for (let count = 0; count < 2; count++) this.#writeExtent(this.#below(8), mebibyte);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #write(path: string): void {
    writeFileSync(path, `${this.#random()} of ${path}\n`.repeat(1 + this.#below(80)));
  }

  /** Writes bytes that do not compress to one of eight places of the large file. */
  #writeExtent(number: number, lengthBytes: number): void {
    const bytes = Buffer.allocUnsafe(lengthBytes);
    for (let at = 0; at < lengthBytes; at += 4) bytes.writeUInt32LE((this.#random() * 2 ** 32) >>> 0, at);
    const file = openSync(join(this.root, "big"), "r+");
    writeSync(file, bytes, 0, lengthBytes, number * 24 * mebibyte);
    ftruncateSync(file, 200 * mebibyte);
    closeSync(file);
  }
}
