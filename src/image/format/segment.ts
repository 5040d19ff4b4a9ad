import type { TreePath } from "../../core/tree/byte-string.ts";
import type { Entry } from "../../core/tree/entry.ts";
import { compareInWalkOrder } from "../../core/tree/walk-order.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { limits } from "./limits.ts";
import { fitsPathLimits, hasSafeNames } from "./path-limits.ts";
import { readBody } from "./record.ts";

const minSegmentBytes = 32_768;
const maxSegmentBytes = 262_144;
const boundaryMask = 0x1ff;

/** A finished segment of the tree index. */
export interface Segment {
  readonly bytes: Buffer;
  readonly records: number;
  readonly firstPath: TreePath;
}

/** Joins records into segments (section 2.5). Records come in walk order; the caller vouches for that. */
export class SegmentWriter {
  readonly #out = new ByteWriter(maxSegmentBytes + 65_536);
  #records = 0;
  #firstPath = "" as TreePath;
  #path = "" as TreePath;

  /** Adds a record and returns the segment that it ends, if it ends one. `body` is as `writeBody` writes it. */
  add(path: TreePath, body: Uint8Array): Segment | undefined {
    let shared = 0;
    if (this.#records === 0) this.#firstPath = path;
    else shared = sharedLength(this.#path, path);
    this.#out.varint(shared);
    this.#out.blob(shared === 0 ? path : path.slice(shared));
    this.#out.bytes(body);
    this.#path = path;
    this.#records += 1;
    const length = this.#out.length;
    const ends = length >= maxSegmentBytes || (length >= minSegmentBytes && (fnv1a(path) & boundaryMask) === 0);
    return ends ? this.#take() : undefined;
  }

  /** Returns what is left, if anything. */
  end(): Segment | undefined {
    return this.#records === 0 ? undefined : this.#take();
  }

  #take(): Segment {
    const segment = { bytes: this.#out.take(), records: this.#records, firstPath: this.#firstPath };
    this.#records = 0;
    return segment;
  }
}

/**
 * Reads the entries of a segment. Order and names are checked within it; {@link TreeOrderGuard} does so for a whole tree.
 *
 * @throws {FormatInvalidError}
 */
export function* readSegment(bytes: Uint8Array, subject: string): Generator<Entry, void, undefined> {
  const reader = new ByteReader(bytes, subject);
  let path = "" as TreePath;
  let first = true;
  while (reader.remaining > 0) {
    const shared = reader.varint(path.length);
    const next = (path.slice(0, shared) + reader.byteString(limits.pathBytes)) as TreePath;
    if (!fitsPathLimits(next)) throw reader.invalid("a path is too long");
    if (!first && compareInWalkOrder(path, next) >= 0) throw reader.invalid("paths are not in walk order");
    // What is shared was looked at before; a path of many kilobytes shared by many records must not be gone through for each.
    if (next !== "" && !hasSafeNames(next.slice(path.lastIndexOf("/", shared - 1) + 1) as TreePath))
      throw reader.invalid("a path has an empty, dotted or over-long name");
    const entry = readBody(reader, next);
    if (entry.kind === "link" && !(fitsPathLimits(entry.target) && hasSafeNames(entry.target)))
      throw reader.invalid("a link leads to a path with an empty, dotted or over-long name");
    yield entry;
    path = next;
    first = false;
  }
}

function sharedLength(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at;
}

function fnv1a(path: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < path.length; at++) hash = Math.imul(hash ^ path.charCodeAt(at), 0x0100_0193);
  return hash;
}
