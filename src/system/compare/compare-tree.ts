import { throwIfInterrupted } from "../../core/errors.ts";
import type { OnProgress } from "../../core/progress.ts";
import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import { dataBytesOf, metadataOf, type Entry, type Piece } from "../../core/tree/entry.ts";
import type { InodeStat, TreeReader } from "../../core/tree/tree-reader.ts";
import { joinPath } from "../../core/tree/walk-order.ts";
import { isTrouble, walkTree, type WalkedEntry, type WalkTrouble } from "../tree/walk.ts";
import { joinInWalkOrder } from "./diff-images.ts";
import { compareMetadata, isLeftOut, type Aspect, type Difference } from "./difference.ts";
import type { EntrySet } from "./entry-set.ts";
import type { FileCheck, FileCheckBatch, FileCheckResult } from "./file-check.ts";

/** Threads that check files. */
export interface CheckPool {
  room(): Promise<void>;
  run(batch: FileCheckBatch): Promise<FileCheckResult[]>;
}

/** What a comparison of an image with a tree works with. */
export interface CompareTreeParts {
  readonly tree: TreeReader;
  readonly pool: CheckPool;
  /** The entries of the image, checked, in walk order. */
  readonly entries: AsyncIterable<Entry>;
  readonly root: string;
  /** Paths of the tree that are none of its own, such as a marker of rehome's. */
  readonly ignore: ReadonlySet<TreePath>;
  /** Files that the image has empty since their contents were left out: those of the tree are not compared. */
  readonly leftOut: ReadonlySet<TreePath>;
  readonly fromDevice: boolean;
  /** Entries whose content was read before and found right: it is not read again. */
  readonly checked?: EntrySet | undefined;
  readonly onProgress: OnProgress;
  readonly totalBytes: number;
  readonly totalItems: number;
  readonly signal: AbortSignal | undefined;
}

const batchBytes = 8 * 1024 * 1024;
const batchChecks = 512;
const longFileBytes = 64 * 1024 * 1024;
const waitingAtOnce = 4096;

/**
 * Lists, in walk order, where a tree differs from an image: `removed` is what only the image has, `added` what only the tree
 * has. Content is read and hashed in full.
 */
export class TreeComparison {
  readonly #parts: CompareTreeParts;
  readonly #inodes = new Map<string, { readonly directory: TreePath; readonly name: ByteString }>();
  /** In walk order. */
  readonly #waiting: Promise<Difference | undefined>[] = [];
  #checks: FileCheck[] = [];
  #settle: ((result: FileCheckResult) => void)[] = [];
  #fail: ((error: unknown) => void)[] = [];
  #batchBytes = 0;
  #bytes = 0;
  #items = 0;
  #entries = 0;

  constructor(parts: CompareTreeParts) {
    this.#parts = parts;
  }

  async *run(): AsyncGenerator<Difference, void, undefined> {
    for await (const [entry, found] of joinInWalkOrder(this.#parts.entries, this.#walk())) {
      throwIfInterrupted(this.#parts.signal, "the comparison");
      if (++this.#items % 256 === 0) this.#report();
      if (entry !== undefined) this.#entries += 1;
      if (found !== undefined && this.#parts.ignore.has(found.path)) continue;
      if (entry === undefined) this.#wait(Promise.resolve({ path: found.path, change: "added", aspects: [] }));
      else if (found === undefined) this.#wait(Promise.resolve({ path: entry.path, change: "removed", aspects: [] }));
      else await this.#compare(entry, found);
      if (this.#waiting.length > waitingAtOnce) yield* this.#settleDownTo(waitingAtOnce / 2);
    }
    yield* this.#settleDownTo(0);
    this.#report();
  }

  async *#walk(): AsyncGenerator<WalkedEntry | WalkTrouble, void, undefined> {
    const { tree, root } = this.#parts;
    yield* walkTree(tree, tree.openRoot(root), () => "take");
  }

  #wait(difference: Promise<Difference | undefined>): void {
    difference.catch(() => undefined);
    this.#waiting.push(difference);
  }

  #waitForAspects(path: TreePath, aspects: Promise<readonly Aspect[]>): void {
    this.#wait(aspects.then((found) => (found.length === 0 ? undefined : { path, change: "changed", aspects: found })));
  }

  async *#settleDownTo(count: number): AsyncGenerator<Difference, void, undefined> {
    await this.#send();
    while (this.#waiting.length > count) {
      const difference = await this.#waiting.shift();
      if (difference) yield difference;
    }
  }

  async #compare(entry: Entry, found: WalkedEntry | WalkTrouble): Promise<void> {
    const { path } = entry;
    if (isTrouble(found)) {
      this.#waitForAspects(path, Promise.resolve(["content"]));
      return;
    }
    const linked = this.#compareLinks(entry, found);
    if (entry.kind === "link") this.#waitForAspects(path, Promise.resolve(linked));
    else if (entry.kind !== found.stat.kind) this.#waitForAspects(path, Promise.resolve(["kind"]));
    else if (entry.kind !== "file")
      this.#waitForAspects(path, Promise.resolve([...this.#compareOther(entry, found), ...linked]));
    else {
      const { results } = await this.#checkFile(entry, found);
      this.#waitForAspects(
        path,
        results.then((parts) => {
          const aspects = new Set([...parts.flatMap((part) => part.aspects), ...linked]);
          if (isLeftOut(entry, this.#parts.leftOut)) aspects.delete("content");
          return [...aspects];
        }),
      );
    }
  }

  /** Compares which earlier path, if any, an entry shares its inode with. */
  #compareLinks(entry: Entry, { stat, parentPath, name }: WalkedEntry): Aspect[] {
    const wanted = entry.kind === "link" ? entry.target : undefined;
    if (stat.kind === "directory") return wanted === undefined ? [] : ["hard-link"];
    if (stat.linkCount === 1 && wanted === undefined) return [];
    const inode = `${stat.deviceMajor}:${stat.deviceMinor}:${stat.inoHigh}:${stat.inoLow}`;
    const first = this.#inodes.get(inode);
    if (first === undefined) this.#inodes.set(inode, { directory: parentPath, name });
    return (first && joinPath(first.directory, first.name)) === wanted ? [] : ["hard-link"];
  }

  #compareOther(entry: Exclude<Entry, { kind: "file" | "link" }>, { parent, self, name, stat }: WalkedEntry): Aspect[] {
    const { tree } = this.#parts;
    const metadata = self
      ? { ...stat, flags: tree.readFlags(self.file), xattrs: tree.readXattrsOpen(self.file) }
      : { ...stat, flags: entry.flags, xattrs: tree.readXattrs(parent.file, name) };
    const aspects = compareMetadata(entry, metadata, entry.kind === "symlink");
    if (entry.kind === "symlink" && tree.readLink(parent.file, name) !== entry.target) aspects.unshift("target");
    if ((entry.kind === "character-device" || entry.kind === "block-device") && !isSameNode(entry, stat))
      aspects.unshift("device");
    return aspects;
  }

  /** Sends a file to the pool, a long one in parts. Resolves when it is taken; `results` when it is checked. */
  async #checkFile(
    entry: Entry & { kind: "file" },
    found: WalkedEntry,
  ): Promise<{ readonly results: Promise<FileCheckResult[]> }> {
    const directory = found.parent.retain();
    const toRead = this.#parts.checked?.has(this.#entries - 1) === true ? [] : entry.pieces;
    const results: Promise<FileCheckResult>[] = [];
    let start = 0;
    for (let first = 0; first === 0 || first < toRead.length;) {
      let next = first;
      let length = 0;
      while (next < toRead.length && (length === 0 || length < longFileBytes))
        length += toRead[next++]?.lengthBytes ?? 0;
      const whole = first === 0 ? { sizeBytes: entry.sizeBytes, metadata: metadataOf(entry) } : undefined;
      const pieces: readonly Piece[] = toRead.slice(first, next);
      results.push(
        this.#add(
          { directory: directory.file, name: found.name, start, pieces, whole, fromDevice: this.#parts.fromDevice },
          length,
        ),
      );
      if (this.#batchBytes >= batchBytes || this.#checks.length >= batchChecks) await this.#send();
      start += length;
      if (next === first) break;
      first = next;
    }
    this.#bytes += dataBytesOf(entry);
    return { results: Promise.all(results).finally(() => directory.release()) };
  }

  #add(check: FileCheck, lengthBytes: number): Promise<FileCheckResult> {
    this.#checks.push(check);
    this.#batchBytes += lengthBytes;
    const result = new Promise<FileCheckResult>((resolve, reject) => {
      this.#settle.push(resolve);
      this.#fail.push(reject);
    });
    result.catch(() => undefined);
    return result;
  }

  async #send(): Promise<void> {
    if (this.#checks.length === 0) return;
    const [checks, settle, fail] = [this.#checks, this.#settle, this.#fail];
    this.#checks = [];
    this.#settle = [];
    this.#fail = [];
    this.#batchBytes = 0;
    await this.#parts.pool.room();
    void this.#parts.pool.run({ checks }).then(
      (results) => settle.forEach((resolve, at) => resolve(results[at] ?? { aspects: ["content"] })),
      (error: unknown) => fail.forEach((reject) => reject(error)),
    );
  }

  #report(): void {
    const { totalBytes, totalItems } = this.#parts;
    this.#parts.onProgress({
      version: 1,
      phase: "comparing",
      bytes: this.#bytes,
      totalBytes,
      items: this.#items,
      totalItems,
    });
  }
}

function isSameNode(entry: { readonly major: number; readonly minor: number }, stat: InodeStat): boolean {
  return entry.major === stat.nodeMajor && entry.minor === stat.nodeMinor;
}
