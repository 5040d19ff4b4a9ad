import type { TreePath } from "../../core/tree/byte-string.ts";
import type { Entry, Piece } from "../../core/tree/entry.ts";
import type { FileDescriptor, TreeReader } from "../../core/tree/tree-reader.ts";
import { baseName, parentPath } from "../../core/tree/walk-order.ts";
import { inParent } from "../tree/in-parent.ts";
import { EntrySet } from "./entry-set.ts";
import type { CheckPool } from "./compare-tree.ts";
import type { FileCheck } from "./file-check.ts";

/** Pieces of a file that were written, from `start` on. `number`: of the entry, in walk order from 0. */
export interface WrittenPieces {
  readonly number: number;
  readonly entry: Entry & { readonly kind: "file" };
  readonly pieces: readonly Piece[];
  readonly start: number;
}

/** What a rolling check works with. */
export interface RollingCheckParts {
  readonly tree: TreeReader;
  readonly pool: CheckPool;
  readonly root: string;
  /** Makes all of the root's file system durable. */
  readonly sync: (directory: FileDescriptor) => Promise<void>;
  /** How long to gather before what was gathered is made durable and read back. */
  readonly restMs: number;
}

const waitingAtOnce = 50_000;
const batchBytes = 8 * 1024 * 1024;
const batchChecks = 256;

/**
 * Reads files back from the device while others are still being written, so that little is left to read at the end.
 *
 * What cannot be kept up with, or is not right, is not marked as checked: the comparison of the whole tree looks at that.
 */
export class RollingCheck implements AsyncDisposable {
  /** Files whose content was read back and found right, all of it. */
  readonly checked: EntrySet = new EntrySet();
  readonly #parts: RollingCheckParts;
  #waiting: WrittenPieces[] = [];
  /** Pieces that are still to be checked of files that are written in parts. */
  readonly #rest = new Map<number, number>();
  #round: Promise<void> | undefined;
  #isEnding = false;
  #endRest: () => void = () => undefined;

  constructor(parts: RollingCheckParts) {
    this.#parts = parts;
  }

  /** Notes what can be read back from now on. */
  wrote(written: WrittenPieces): void {
    if (this.#isEnding || this.#waiting.length >= waitingAtOnce) return;
    this.#waiting.push(written);
    this.#round ??= this.#run();
  }

  /** Ends what is under way; what still waits is left. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#endRest();
    await this.#round;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  async #run(): Promise<void> {
    while (!this.#isEnding) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#parts.restMs);
        this.#endRest = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      const written = this.#waiting;
      this.#waiting = [];
      if (this.#isEnding || written.length === 0) break;
      try {
        await this.#check(written);
      } catch {
        // The tree is gone, or cannot be read: whoever compares the whole says so.
        this.#isEnding = true;
      }
    }
    this.#round = undefined;
  }

  async #check(written: readonly WrittenPieces[]): Promise<void> {
    const { tree, root, sync } = this.#parts;
    const directory = tree.openRoot(root);
    try {
      await sync(directory);
      for (let first = 0; first < written.length && !this.#isEnding;) {
        let next = first;
        let bytes = 0;
        while (next < written.length && next - first < batchChecks && bytes < batchBytes)
          bytes += written[next++]?.pieces.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0) ?? 0;
        await this.#checkBatch(directory, written.slice(first, next));
        first = next;
      }
    } finally {
      tree.close(directory);
    }
  }

  async #checkBatch(root: FileDescriptor, batch: readonly WrittenPieces[]): Promise<void> {
    const { tree, pool } = this.#parts;
    const opened = new Map<TreePath, FileDescriptor>();
    try {
      const checks = batch.map(({ entry, pieces, start }): FileCheck => {
        const parent = parentPath(entry.path);
        const directory = parent === "" ? root : (opened.get(parent) ?? this.#open(root, parent));
        if (parent !== "") opened.set(parent, directory);
        return { directory, name: baseName(entry.path), start, pieces, whole: undefined, fromDevice: true };
      });
      await pool.room();
      const results = await pool.run({ checks });
      for (const [at, each] of batch.entries()) this.#note(each, results[at]?.aspects.length === 0);
    } finally {
      for (const directory of opened.values()) tree.close(directory);
    }
  }

  #open(root: FileDescriptor, path: TreePath): FileDescriptor {
    const { tree } = this.#parts;
    return inParent(tree, root, path, (parent, name) => tree.openDirectory(parent, name));
  }

  #note({ number, entry, pieces }: WrittenPieces, isRight: boolean): void {
    if (!isRight) return;
    const rest = (this.#rest.get(number) ?? entry.pieces.length) - pieces.length;
    if (rest > 0) {
      this.#rest.set(number, rest);
      return;
    }
    this.#rest.delete(number);
    this.checked.add(number);
  }
}
