import type { SecretFile, SecretKind, SecretsFound } from "../../../core/manifest/manifest.ts";
import { displayBytes, type TreePath } from "../../../core/tree/byte-string.ts";

/** How many files are listed whose contents go along; those whose contents were left out are all listed, since they must be told from empty ones. */
const listedIncluded = 1000;

/** The files of a capture that are known to hold secrets. */
export class SecretList {
  readonly #contents: SecretsFound["contents"];
  readonly #files: SecretFile[] = [];
  readonly #leftOut = new Map<TreePath, SecretKind>();
  #count = 0;

  constructor(contents: SecretsFound["contents"]) {
    this.#contents = contents;
  }

  /** Adds a file; call in walk order. */
  add(path: TreePath, kind: SecretKind): void {
    this.#count += 1;
    const leftOut = this.#contents === "left-out";
    if (leftOut) this.#leftOut.set(path, kind);
    if (leftOut || this.#files.length < listedIncluded) this.#files.push({ path: displayBytes(path), kind });
  }

  /** What the contents of a file were that were left out; undefined where they were not. */
  leftOut(path: TreePath): SecretKind | undefined {
    return this.#leftOut.get(path);
  }

  found(): SecretsFound {
    return { contents: this.#contents, count: this.#count, files: this.#files };
  }
}
