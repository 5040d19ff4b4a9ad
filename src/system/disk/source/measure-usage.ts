import { byteStringFromText } from "../../../core/tree/byte-string.ts";
import { dataBytesOf, type Entry } from "../../../core/tree/entry.ts";
import type { Usage } from "../plan/needs.ts";

const blockBytes = 4096;
/** What still fits into an inode: the target of a symlink, and attributes. */
const inlineBytes = { target: 60, attributes: 80 };
const bytesPerName = 64;

/** Adds up what the entries of a tree take in a file system for each of `mountPoints`, which are absolute and hold `/`. */
export async function measureUsage(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  mountPoints: readonly string[],
): Promise<ReadonlyMap<string, Usage>> {
  const sums = new Map(mountPoints.map((mountPoint) => [mountPoint, { bytes: 0, entries: 0 }]));
  // The deepest first: the first one that a path lies in is its own.
  const places = mountPoints
    .map((mountPoint) => ({ mountPoint, prefix: byteStringFromText(mountPoint.slice(1)) as string }))
    .toSorted((one, other) => other.prefix.length - one.prefix.length);
  for await (const entry of entries) {
    const place = places.find(
      ({ prefix }) => prefix === "" || entry.path === prefix || entry.path.startsWith(`${prefix}/`),
    );
    const sum = place && sums.get(place.mountPoint);
    if (sum === undefined) continue;
    sum.bytes += bytesOf(entry);
    if (entry.kind !== "link") sum.entries += 1;
  }
  return sums;
}

function bytesOf(entry: Entry): number {
  const attributes = entry.xattrs.reduce((sum, { name, value }) => sum + name.length + value.length + 16, 0);
  const outside = attributes > inlineBytes.attributes ? inBlocks(attributes) : 0;
  return contentBytesOf(entry) + outside + bytesPerName;
}

function contentBytesOf(entry: Entry): number {
  if (entry.kind === "directory") return blockBytes;
  if (entry.kind === "file") return inBlocks(dataBytesOf(entry));
  if (entry.kind === "symlink") return entry.target.length < inlineBytes.target ? 0 : inBlocks(entry.target.length);
  return 0;
}

function inBlocks(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}
