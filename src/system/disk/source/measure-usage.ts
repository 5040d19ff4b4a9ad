import { byteStringFromText, type TreePath } from "../../../core/tree/byte-string.ts";
import { dataBytesOf, type Entry } from "../../../core/tree/entry.ts";
import type { InodeStat } from "../../../core/tree/tree-reader.ts";
import type { Usage } from "../plan/needs.ts";

const blockBytes = 4096;
/** What still fits into an inode: the target of a symlink, and attributes. */
const inlineBytes = { target: 60, attributes: 80 };
const bytesPerName = 64;
/** How much a system may grow while it is captured. */
const growth = 17 / 16;

/** An entry of a tree of which only is known what a look at it tells. */
export interface SeenEntry {
  readonly path: TreePath;
  readonly kind: InodeStat["kind"];
  /** Of a file: its content, or 0 for a further name of one; of a symlink: its target. */
  readonly dataBytes: number;
}

/** What an entry takes in a file system. */
interface Share extends Usage {
  readonly path: TreePath;
}

/** Adds up what the entries of a tree take in a file system for each of `mountPoints`, which are absolute and hold `/`. */
export async function measureUsage(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  mountPoints: readonly string[],
): Promise<ReadonlyMap<string, Usage>> {
  return await addUp(entries, shareOf, mountPoints);
}

/**
 * Adds up what a tree that still changes may take, as {@link measureUsage} does: a sixteenth more than was seen, and 4 MiB and 256 entries for
 * each mount point.
 */
export async function estimateUsage(
  seen: AsyncIterable<SeenEntry>,
  mountPoints: readonly string[],
): Promise<ReadonlyMap<string, Usage>> {
  const usage = await addUp(seen, shareOfSeen, mountPoints);
  return new Map(
    [...usage].map(([mountPoint, { bytes, entries }]) => [
      mountPoint,
      { bytes: Math.ceil(bytes * growth) + 4 * 2 ** 20, entries: Math.ceil(entries * growth) + 256 },
    ]),
  );
}

async function addUp<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  share: (item: Item) => Share,
  mountPoints: readonly string[],
): Promise<ReadonlyMap<string, Usage>> {
  const sums = new Map(mountPoints.map((mountPoint) => [mountPoint, { bytes: 0, entries: 0 }]));
  // The deepest first: the first one that a path lies in is its own.
  const places = mountPoints
    .map((mountPoint) => ({ mountPoint, prefix: byteStringFromText(mountPoint.slice(1)) as string }))
    .toSorted((one, other) => other.prefix.length - one.prefix.length);
  for await (const item of items) {
    const { path, bytes, entries } = share(item);
    const place = places.find(({ prefix }) => prefix === "" || path === prefix || path.startsWith(`${prefix}/`));
    const sum = place && sums.get(place.mountPoint);
    if (sum === undefined) continue;
    sum.bytes += bytes;
    sum.entries += entries;
  }
  return sums;
}

function shareOf(entry: Entry): Share {
  const { path, kind } = entry;
  const attributes = entry.xattrs.reduce((sum, { name, value }) => sum + name.length + value.length + 16, 0);
  const outside = attributes > inlineBytes.attributes ? inBlocks(attributes) : 0;
  const dataBytes = kind === "file" ? dataBytesOf(entry) : kind === "symlink" ? entry.target.length : 0;
  return { path, bytes: contentBytesOf(kind, dataBytes) + outside + bytesPerName, entries: kind === "link" ? 0 : 1 };
}

function shareOfSeen({ path, kind, dataBytes }: SeenEntry): Share {
  return { path, bytes: contentBytesOf(kind, dataBytes) + bytesPerName, entries: 1 };
}

function contentBytesOf(kind: Entry["kind"] | SeenEntry["kind"], dataBytes: number): number {
  if (kind === "directory") return blockBytes;
  if (kind === "file") return inBlocks(dataBytes);
  return kind === "symlink" && dataBytes >= inlineBytes.target ? inBlocks(dataBytes) : 0;
}

function inBlocks(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}
