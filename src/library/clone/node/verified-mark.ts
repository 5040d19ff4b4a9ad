import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { replaceFile, syncPath } from "../../../host/replace-file.ts";
import type { Paths } from "../../settings/settings.ts";

/**
 * Notes that a tree was read back whole and found right: what is prepared after that is no copy any more, and is not to be held against
 * its image by who goes on with it.
 */
export class VerifiedMark {
  readonly #path: string;
  readonly #image: string;

  constructor(paths: Paths, target: string, image: string) {
    this.#path = pathOf(paths, target);
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    this.#image = image;
  }

  /** Whether it was noted of the very directory that is at `root` now. */
  isOf(root: string): boolean {
    try {
      return readFileSync(this.#path, "utf8") === this.#textFor(root);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  }

  /** Durable on return. */
  put(root: string): void {
    replaceFile(this.#path, this.#textFor(root), true);
    syncPath(dirname(this.#path));
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }

  /** A directory that took the place of another has another number or time of birth. */
  #textFor(root: string): string {
    const { dev, ino, birthtimeNs } = statSync(root, { bigint: true });
    return `${this.#image} ${dev} ${ino} ${birthtimeNs}\n`;
  }
}

/** Forgets what was noted of the tree that was to come to `target`; does nothing where that is nothing. */
export function removeVerifiedMark(paths: Paths, target: string): void {
  rmSync(pathOf(paths, target), { force: true });
}

function pathOf({ stateDirectory }: Paths, target: string): string {
  return `${stateDirectory}/clone-nodes/verified-${createHash("sha256").update(target).digest("hex").slice(0, 32)}`;
}
