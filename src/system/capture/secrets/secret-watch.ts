import type { SecretKind, SecretsFound } from "../../../core/manifest/manifest.ts";
import { displayBytes } from "../../../core/tree/byte-string.ts";
import type { WalkedEntry } from "../../tree/walk.ts";
import { TreeChangedError } from "../errors.ts";
import type { RecordSlot } from "../records/ordered-records.ts";
import { inodeKey } from "./find-secrets.ts";
import { recognisePaths, type RecognisePath } from "./recognise-path.ts";
import { SecretList } from "./secret-list.ts";

/**
 * Knows which entries of a capture hold secrets, and what becomes of them.
 *
 * Invariant: with `redact`, nothing that lies at a secret path has its content in the image, under none of its names.
 */
export class SecretWatch {
  readonly redact: boolean;
  readonly #shared: ReadonlyMap<string, SecretKind>;
  readonly #recognise: RecognisePath = recognisePaths();
  readonly #list: SecretList;

  /** @param shared Inodes that lie at a secret path and have further names, by `inodeKey`. */
  constructor(redact: boolean, shared: ReadonlyMap<string, SecretKind>) {
    this.redact = redact;
    this.#shared = shared;
    this.#list = new SecretList(redact ? "left-out" : "included");
  }

  /** What a file is known to hold before it is read. */
  kindOf({ parentPath, name, stat }: WalkedEntry): SecretKind | undefined {
    if (stat.kind !== "file") return undefined;
    const kind = this.#recognise(parentPath, name);
    return kind === undefined && stat.linkCount > 1 ? this.#shared.get(inodeKey(stat)) : kind;
  }

  /** Takes a finished record, in walk order. @throws {TreeChangedError} If a secret's content got into the image under another name. */
  take({ path, secret, linkTarget }: RecordSlot): void {
    const leftOut = this.redact && linkTarget !== undefined ? this.#list.leftOut(linkTarget) : undefined;
    if (this.redact && linkTarget !== undefined && leftOut === undefined && secret !== undefined)
      throw new TreeChangedError(displayBytes(path), displayBytes(linkTarget));
    const kind = this.redact && linkTarget !== undefined ? leftOut : secret;
    if (kind !== undefined) this.#list.add(path, kind);
  }

  found(): SecretsFound {
    return this.#list.found();
  }
}
