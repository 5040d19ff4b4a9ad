import { createHash } from "node:crypto";
import type { TreeReference } from "../../core/manifest/manifest.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import type { Entry } from "../../core/tree/entry.ts";
import { compareInWalkOrder, isAtOrBelow, parentPath } from "../../core/tree/walk-order.ts";
import { FormatInvalidError } from "../errors.ts";
import { readSegment } from "../format/segment.ts";
import { decodeTopTable, type SegmentReference } from "../format/top-table.ts";
import type { ChunkSource } from "../store/chunk-source.ts";

/** Reads the top table of a tree. @throws {FormatInvalidError} @throws {ObjectMissingError} @throws {ObjectDamagedError} */
export async function readTopTable(
  chunks: Pick<ChunkSource, "readChunk">,
  tree: TreeReference,
): Promise<SegmentReference[]> {
  const pieces: Buffer[] = [];
  for (const { id, lengthBytes } of tree.table) pieces.push(await chunks.readChunk(id, lengthBytes));
  const segments = decodeTopTable(Buffer.concat(pieces));
  const digest = createHash("sha256");
  for (const { id } of segments) digest.update(Buffer.from(id, "hex"));
  if (digest.digest("hex") !== tree.digest)
    throw new FormatInvalidError("the tree index", "its digest is not that of its segments");
  return segments;
}

/**
 * Reads the entries of a tree in walk order, the root first, one segment in memory at a time.
 *
 * @param below Only entries at or below this path, and the directories that lead to it.
 * @throws {FormatInvalidError} If an entry has no directory to lie in, is out of order, or is a link to nothing before it.
 */
export async function* readTree(
  chunks: Pick<ChunkSource, "readChunk">,
  tree: TreeReference,
  below: TreePath = "" as TreePath,
): AsyncGenerator<Entry, void, undefined> {
  const segments = await readTopTable(chunks, tree);
  const guard = new TreeGuard();
  for (const [at, segment] of segments.entries()) {
    const next = segments[at + 1];
    if (
      below !== "" &&
      next !== undefined &&
      next.firstPath !== "" &&
      !mayHold(segment.firstPath, next.firstPath, below)
    )
      continue;
    const bytes = await chunks.readChunk(segment.id, segment.lengthBytes);
    for (const entry of readRecords(bytes, segment)) {
      if (below === "") guard.check(entry);
      if (isAtOrBelow(entry.path, below) || isAtOrBelow(below, entry.path)) yield entry;
    }
  }
  if (below === "") guard.end();
}

/**
 * Reads the entry at `path` and, of a directory, what lies in it, in walk order. Segments that lie wholly within one of its
 * sub-directories are not read, so what they hold is not checked either.
 *
 * @throws {FormatInvalidError} If a segment is none, or is out of order.
 */
export async function* readChildren(
  chunks: Pick<ChunkSource, "readChunk">,
  tree: TreeReference,
  path: TreePath,
): AsyncGenerator<Entry, void, undefined> {
  const segments = await readTopTable(chunks, tree);
  for (const [at, segment] of segments.entries()) {
    const next = segments[at + 1]?.firstPath;
    if (next !== undefined && !mayHold(segment.firstPath, next, path)) continue;
    const within = subdirectoryOf(path, segment.firstPath);
    if (within !== undefined && next !== undefined && within === subdirectoryOf(path, next)) continue;
    const bytes = await chunks.readChunk(segment.id, segment.lengthBytes);
    for (const entry of readRecords(bytes, segment))
      if (entry.path === path || (entry.path !== "" && parentPath(entry.path) === path)) yield entry;
  }
}

/** Reads a segment and holds it against its row of the top table. @throws {FormatInvalidError} */
function* readRecords(bytes: Uint8Array, { id, firstPath, records }: SegmentReference): Generator<Entry> {
  const subject = `segment ${id}`;
  let read = 0;
  for (const entry of readSegment(bytes, subject)) {
    if (read++ === 0 && entry.path !== firstPath)
      throw new FormatInvalidError(subject, "it does not begin with the path the top table gives");
    yield entry;
  }
  if (read !== records) throw new FormatInvalidError(subject, "it has another number of records");
}

/** The directory in `directory` that `path` lies below; undefined where it lies elsewhere or in `directory` itself. */
function subdirectoryOf(directory: TreePath, path: TreePath): TreePath | undefined {
  if (!isAtOrBelow(path, directory)) return undefined;
  const end = path.indexOf("/", directory === "" ? 0 : directory.length + 1);
  return end < 0 ? undefined : (path.slice(0, end) as TreePath);
}

/** Says whether a segment from `first` to before `next` may hold `below`, what lies in it, or a directory on the way to it. */
function mayHold(first: TreePath, next: TreePath, below: TreePath): boolean {
  if (isAtOrBelow(first, below) || isAtOrBelow(below, first)) return true;
  for (let path = below; ; path = parentPath(path)) {
    if (compareInWalkOrder(first, path) <= 0 && compareInWalkOrder(path, next) < 0) return true;
    if (path === "") return false;
  }
}

/**
 * Holds a stream of entries against the rules that keep it inside a root (`docs/format/image.md` section 4).
 *
 * Invariant: `#open` is the chain of directories that the entry before lies in or is.
 */
export class TreeGuard {
  #open: TreePath[] = [];
  #before: TreePath | undefined;

  /** @throws {FormatInvalidError} */
  check(entry: Entry): void {
    const { path } = entry;
    if (this.#before === undefined) {
      if (path !== "" || entry.kind !== "directory")
        throw new FormatInvalidError("the tree index", "it does not begin with a root directory");
    } else {
      if (compareInWalkOrder(this.#before, path) >= 0)
        throw new FormatInvalidError("the tree index", "paths are not in walk order");
      const parent = parentPath(path);
      while (this.#open.length > 0 && this.#open.at(-1) !== parent) this.#open.pop();
      if (this.#open.length === 0) throw new FormatInvalidError("the tree index", "an entry lies in no directory");
    }
    if (entry.kind === "link" && (entry.target === "" || compareInWalkOrder(entry.target, path) >= 0))
      throw new FormatInvalidError("the tree index", "a link leads to nothing before it");
    if (entry.kind === "directory") this.#open.push(path);
    this.#before = path;
  }

  /** @throws {FormatInvalidError} If there was no entry at all. */
  end(): void {
    if (this.#before === undefined) throw new FormatInvalidError("the tree index", "it is empty");
  }
}
