import { crashPoint } from "../../core/crash-points.ts";
import { throwIfInterrupted } from "../../core/errors.ts";
import type { OnProgress } from "../../core/progress.ts";
import { displayBytes, type ByteString, type TreePath } from "../../core/tree/byte-string.ts";
import { dataBytesOf, type Entry } from "../../core/tree/entry.ts";
import type { FileDescriptor } from "../../core/tree/tree-reader.ts";
import type { MetadataLoss, MetadataOptions } from "../../core/tree/tree-writer.ts";
import { baseName, compareInWalkOrder, parentPath } from "../../core/tree/walk-order.ts";
import { FormatInvalidError } from "../../image/errors.ts";
import { WriteSender } from "./files/batch-sender.ts";
import { FileWriting, type Existing, type OnWritten } from "./files/file-writing.ts";
import { makeLink, makeSpecial, setMetadataOf } from "./make-entry.ts";
import type { RestorePorts } from "./ports.ts";
import type { RestoreSource } from "../../image/store/chunk-source.ts";

/** Something that the target could not be given. `path` as `displayBytes` writes it. */
export interface RestoreLoss {
  readonly path: string;
  readonly what: string;
  readonly why: string;
}

/** What writing a tree works with. */
export interface WriteTreeParts {
  readonly ports: RestorePorts;
  readonly chunks: RestoreSource;
  /** The directory that becomes the root of the tree; stays open. */
  readonly root: FileDescriptor;
  /** Everything up to here, in walk order, is there already from an earlier run. */
  readonly doneUpTo: TreePath | undefined;
  /** What may be there already at a path that is written: nothing, leftovers of an earlier run, or an older state to be replaced. */
  readonly existing: Existing;
  /** Called with a path up to which, in walk order, everything is durable. */
  readonly onCheckpoint: (doneUpTo: TreePath) => Promise<void>;
  /** Hears what is written of files, by the number of the entry in walk order from 0; not where older files are replaced. */
  readonly onWritten?:
    | ((number: number, entry: Entry & { kind: "file" }, ...written: Parameters<OnWritten>) => void)
    | undefined;
  readonly onProgress: OnProgress;
  readonly totalBytes: number;
  readonly totalItems: number;
  readonly signal: AbortSignal | undefined;
}

/** What to do with an entry: write it anew, set its metadata only, or leave it as it is. */
export type WriteChoice = "write" | "metadata" | "skip";

interface OpenDirectory {
  readonly entry: Entry;
  readonly file: FileDescriptor;
  /** Files in it that are under way. */
  pending: number;
  /** Something in it or of it is changed, so its metadata are set at the end. */
  touched: boolean;
  /** What may be there already at a path in it. */
  readonly existing: Existing;
}

const checkpointMs = 5000;
const lossesKept = 1000;

/**
 * Writes the entries of an image, which come in walk order and have passed the guard, below a root.
 *
 * Directories are made with mode 0700 and get their metadata when nothing in them is under way any more; files are written
 * by the pool. A temporary name is used only where something older is replaced.
 *
 * Invariant: a directory is open as long as it is on the stack or a file in it is under way.
 */
export class TreeWriting {
  readonly losses: RestoreLoss[] = [];
  lossCount = 0;
  readonly #parts: WriteTreeParts;
  readonly #metadata: MetadataOptions;
  readonly #stack: OpenDirectory[] = [];
  /** Directories that the walk has left while files in them are under way. */
  readonly #retired = new Set<OpenDirectory>();
  /** What could not be made, so that no further name of it can be made either. */
  readonly #unmade = new Set<TreePath>();
  #bytes = 0;
  #items = 0;
  #checkpointAtMs = performance.now();

  constructor(parts: WriteTreeParts) {
    this.#parts = parts;
    this.#metadata = { exact: parts.existing === "older" };
  }

  /** Writes `entries` as `choose` says. On failure everything is closed and no thread is left writing. */
  async run(entries: AsyncIterable<Entry>, choose: (entry: Entry) => WriteChoice = () => "write"): Promise<void> {
    const { signal, ports, doneUpTo, chunks } = this.#parts;
    const open = new Set<FileDescriptor>();
    try {
      await using pool = ports.pool;
      const sender = new WriteSender(pool, chunks, this.#metadata);
      const files = new FileWriting(ports, sender, open);
      for await (const entry of entries) {
        throwIfInterrupted(signal, "the restore");
        this.#enter(entry);
        const done = doneUpTo !== undefined && compareInWalkOrder(entry.path, doneUpTo) <= 0;
        await this.#write(entry, done ? "skip" : choose(entry), files);
        this.#items += 1;
        if (this.#items % 256 === 0) this.#report();
        if (performance.now() - this.#checkpointAtMs > checkpointMs) await this.#checkpoint(entry.path, sender);
      }
      await sender.drain();
      while (this.#stack.length > 0) this.#finish(this.#stack.pop() as OpenDirectory);
      this.#report();
    } finally {
      for (const { file } of [...this.#stack, ...this.#retired]) if (file !== this.#parts.root) ports.tree.close(file);
      for (const file of open) ports.tree.close(file);
    }
  }

  async #checkpoint(path: TreePath, sender: WriteSender): Promise<void> {
    await sender.drain();
    crashPoint("restore.drained");
    await this.#parts.ports.syncFileSystem(this.#parts.root);
    await this.#parts.onCheckpoint(path);
    this.#checkpointAtMs = performance.now();
  }

  #report(): void {
    const { totalBytes, totalItems } = this.#parts;
    this.#parts.onProgress({
      version: 1,
      phase: "writing",
      bytes: this.#bytes,
      totalBytes,
      items: this.#items,
      totalItems,
    });
  }

  /** Leaves directories until the innermost open one is that in which `entry` lies. */
  #enter(entry: Entry): void {
    if (entry.path === "") return;
    const parent = parentPath(entry.path);
    while (this.#stack.length > 0 && this.#stack.at(-1)?.entry.path !== parent) {
      const left = this.#stack.pop() as OpenDirectory;
      if (left.pending > 0) this.#retired.add(left);
      else this.#finish(left);
    }
    if (this.#stack.length === 0) throw new FormatInvalidError("the tree index", "an entry lies in no directory");
  }

  #finish({ entry, file, touched }: OpenDirectory): void {
    if (touched) this.#note(entry.path, this.#parts.ports.writer.setOpenMetadata(file, entry, this.#metadata));
    if (file !== this.#parts.root) this.#parts.ports.tree.close(file);
  }

  #touch(directory: OpenDirectory): void {
    if (directory.touched) return;
    directory.touched = true;
    if (this.#parts.existing !== "none") this.#parts.ports.writer.clearProtection(directory.file);
  }

  #note(path: TreePath, losses: readonly MetadataLoss[]): void {
    for (const { what, why } of losses) this.#lose(path, what, why);
  }

  #lose(path: TreePath, what: string, why: string): void {
    this.lossCount += 1;
    if (this.losses.length < lossesKept) this.losses.push({ path: displayBytes(path), what, why });
  }

  async #write(entry: Entry, choice: WriteChoice, files: FileWriting): Promise<void> {
    const { ports, root, existing } = this.#parts;
    const parent = this.#stack.at(-1);
    if (parent === undefined) {
      const opened = { entry, file: root, pending: 0, touched: false, existing };
      if (choice !== "skip" || existing === "leftovers") this.#touch(opened);
      this.#stack.push(opened);
      return;
    }
    const name = baseName(entry.path);
    if (entry.kind === "directory") {
      this.#stack.push(this.#openDirectory(entry, parent, name, choice));
      return;
    }
    if (choice !== "write") {
      if (entry.kind === "file") this.#bytes += dataBytesOf(entry);
      if (choice === "metadata") this.#note(entry.path, setMetadataOf(ports, entry, parent.file, name, this.#metadata));
      return;
    }
    this.#touch(parent);
    if (entry.kind === "file") {
      parent.pending += 1;
      this.#bytes += dataBytesOf(entry);
      const number = this.#items;
      const { onWritten } = this.#parts;
      await files.write(
        entry,
        parent,
        name,
        (losses) => this.#afterFile(entry.path, parent, losses),
        (pieces, start) => onWritten?.(number, entry, pieces, start),
      );
      return;
    }
    try {
      if (parent.existing !== "none") ports.writer.remove(parent.file, name);
      if (entry.kind === "link" && this.#unmade.has(entry.target))
        this.#lose(entry.path, entry.kind, "the entry it is a further name of could not be made");
      else if (entry.kind === "link") {
        await files.waitFor(entry.target);
        makeLink(ports, root, entry.target, parent.file, name);
      } else this.#note(entry.path, makeSpecial(ports, entry, parent.file, name, this.#metadata));
    } catch (error) {
      if (!ports.isLoss(error)) throw error;
      this.#unmade.add(entry.path);
      this.#lose(entry.path, entry.kind, (error as Error).message);
    }
  }

  #openDirectory(entry: Entry, parent: OpenDirectory, name: ByteString, choice: WriteChoice): OpenDirectory {
    const { ports, existing } = this.#parts;
    if (parent.existing !== "none") {
      try {
        const file = ports.tree.openDirectory(parent.file, name);
        const opened = { entry, file, pending: 0, touched: false, existing };
        if (choice !== "skip" || existing === "leftovers") this.#touch(opened);
        return opened;
      } catch {
        this.#touch(parent);
        ports.writer.remove(parent.file, name);
      }
    }
    this.#touch(parent);
    const file = ports.writer.makeDirectory(parent.file, name);
    // No earlier run can have left something in what this one makes.
    const left = existing === "leftovers" ? "none" : existing;
    return { entry, file, pending: 0, touched: true, existing: left };
  }

  #afterFile(path: TreePath, parent: OpenDirectory, losses: readonly MetadataLoss[]): void {
    this.#note(path, losses);
    parent.pending -= 1;
    if (parent.pending === 0 && this.#retired.delete(parent)) this.#finish(parent);
  }
}
