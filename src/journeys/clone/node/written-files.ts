import { hash } from "node:crypto";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { FileDescriptor, TreeReader } from "../../../core/tree/tree-reader.ts";
import { inParent } from "../../../system/tree/in-parent.ts";
import type { NodeIndex, PlacedChunk } from "./node-index.ts";

/** Reads frames back from the files that a node has written, or had before. */
export class WrittenFiles {
  readonly #tree: TreeReader;
  readonly #index: NodeIndex;
  readonly #root: string;

  /** @param root The directory that becomes the root of the tree; it need not be there yet. */
  constructor(tree: TreeReader, index: NodeIndex, root: string) {
    this.#tree = tree;
    this.#index = index;
    this.#root = root;
  }

  /** The plain bytes of a frame; undefined unless each of its chunks is where it belongs, and right. */
  frame(frame: number): Buffer | undefined {
    const chunks = this.#index.chunksOf(frame);
    if (chunks.length === 0 || chunks.some(({ path }) => path === undefined)) return undefined;
    const plain = Buffer.alloc(chunks.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0));
    let root: FileDescriptor | undefined;
    try {
      root = this.#tree.openRoot(this.#root);
      let at = 0;
      for (const chunk of chunks) {
        if (!this.#read(root, chunk, plain.subarray(at, at + chunk.lengthBytes))) return undefined;
        at += chunk.lengthBytes;
      }
      return plain;
    } catch {
      // Not written yet, or not readable for this user: someone else has it.
      return undefined;
    } finally {
      if (root !== undefined) this.#tree.close(root);
    }
  }

  #read(root: FileDescriptor, { id, path, position }: PlacedChunk, into: Buffer): boolean {
    return inParent(this.#tree, root, path as TreePath, (directory, name) => {
      const file = this.#tree.openFile(directory, name);
      try {
        let filled = 0;
        while (filled < into.length) {
          const count = this.#tree.read(file, into, filled, into.length - filled, position + filled);
          if (count === 0) return false;
          filled += count;
        }
        return hash("sha256", into) === id;
      } finally {
        this.#tree.close(file);
      }
    });
  }
}
