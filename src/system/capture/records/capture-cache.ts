import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { SecretKind } from "../../../core/manifest/manifest.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { InodeStat } from "../../../core/tree/tree-reader.ts";
import { compareInWalkOrder } from "../../../core/tree/walk-order.ts";
import { ByteReader } from "../../../image/format/byte-reader.ts";
import { ByteWriter } from "../../../image/format/byte-writer.ts";
import { openSealedObject, sealObject } from "../../../image/format/sealed-object.ts";
import { removeLeftByDead } from "../../../image/store/left-by-dead.ts";

const frameBytes = 256 * 1024;
const maxFrameBytes = 256 * 1024 * 1024;
const headerBytes = 4096;

/** What a capture cache belongs to: it helps only a capture of the same thing in the same way. */
export interface CaptureCacheKey {
  readonly root: string;
  readonly ownerShift: number;
  /** The rules by which contents were left out; empty where none were. So neither kind of capture trusts what the other kept. */
  readonly redaction: string;
}

/** What is known of the capture that wrote a cache. */
export interface CaptureCacheHeader extends CaptureCacheKey {
  readonly formatVersion: 3;
  /** The image it published, and the name it got. */
  readonly image: string;
  readonly name: string;
  readonly tag: string;
  readonly startedAtMs: number;
}

/** How many seconds before a capture's start an inode must have changed last to be trusted by the next one. */
export const trustedAgeSec = 2;

/** What is kept of an entry: the body of its record, how many bytes of content it has, and which secrets were left out of it. */
export interface CachedRecord {
  readonly body: Uint8Array;
  readonly dataBytes: number;
  readonly secret?: SecretKind;
}

/** The file of a cache below a store's cache directory. */
export function captureCachePath(cacheDirectory: string, key: CaptureCacheKey): string {
  const name = createHash("sha256")
    .update(`${key.ownerShift}\0${key.redaction === "" ? "" : "redacted"}\0${key.root}`)
    .digest("hex")
    .slice(0, 32);
  return `${cacheDirectory}/captures/${name}`;
}

/**
 * Writes what a capture saw: for each entry its path, what tells whether it changed, and the body of its record. Local to
 * this host and never part of an image; frames carry a CRC, so that a cut-off or damaged cache ends where it is damaged.
 */
export class CaptureCacheWriter {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: number;
  readonly #out = new ByteWriter(frameBytes * 2);

  constructor(path: string) {
    const directory = path.slice(0, path.lastIndexOf("/"));
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    removeLeftByDead(directory, /^[0-9a-f]{32}\.(\d+)\.[0-9a-z]+$/);
    this.#path = path;
    this.#temporary = `${path}.${process.pid}.${Date.now().toString(36)}`;
    this.#file = openSync(this.#temporary, "wx", 0o600);
    writeSync(this.#file, Buffer.alloc(headerBytes));
  }

  add(entry: CachedRecord & { readonly path: TreePath; readonly stat: InodeStat }): void {
    this.#out.blob(entry.path);
    writeIdentity(this.#out, entry.stat);
    this.#out.varint(entry.dataBytes);
    this.#out.u8(entry.secret === undefined ? 0 : secretKinds.indexOf(entry.secret) + 1);
    this.#out.blob(entry.body);
    if (this.#out.length >= frameBytes) this.#writeFrame();
  }

  /** Ends the cache and puts it in place of the one before. */
  publish(header: CaptureCacheHeader): void {
    this.#writeFrame();
    writeSync(this.#file, sealObject("capture-cache", header), 0, undefined, 0);
    closeSync(this.#file);
    renameSync(this.#temporary, this.#path);
  }

  /** Gives the cache up. */
  discard(): void {
    closeSync(this.#file);
    rmSync(this.#temporary, { force: true });
  }

  #writeFrame(): void {
    const payload = this.#out.view();
    if (payload.length === 0) return;
    const head = Buffer.alloc(8);
    head.writeUInt32LE(payload.length, 0);
    head.writeUInt32LE(crc32(payload), 4);
    writeSync(this.#file, head);
    for (let at = 0; at < payload.length;) at += writeSync(this.#file, payload, at);
    this.#out.reset();
  }
}

/** Reads a cache alongside a walk: both go through the tree in walk order, so memory stays flat. */
export class CaptureCacheReader {
  readonly header: CaptureCacheHeader;
  readonly #file: number;
  #frame: ByteReader | undefined;
  #path: TreePath | undefined;
  #identity: readonly number[] = [];
  #record: CachedRecord = { body: Buffer.alloc(0), dataBytes: 0 };

  /** Opens a cache; undefined where there is none that can be used for `key`. */
  static open(path: string, key: CaptureCacheKey): CaptureCacheReader | undefined {
    let file: number | undefined;
    try {
      file = openSync(path, "r");
      const head = Buffer.alloc(headerBytes);
      readSync(file, head, 0, headerBytes, 0);
      const end = head.indexOf(0);
      const header = openSealedObject(
        "capture-cache",
        head.subarray(0, end < 0 ? headerBytes : end),
        path,
      ) as CaptureCacheHeader;
      if (header.formatVersion === 3 && isSameKey(header, key)) return new CaptureCacheReader(file, header);
    } catch {
      // No cache, or none that can be read: everything is read from the tree.
    }
    if (file !== undefined) closeSync(file);
    return undefined;
  }

  private constructor(file: number, header: CaptureCacheHeader) {
    this.#file = file;
    this.header = header;
    readSync(file, Buffer.alloc(headerBytes), 0, headerBytes, null);
    this.#advance();
  }

  /** What was recorded for `path` if its inode looks as it did then. Paths must be asked for in walk order. */
  find(path: TreePath, stat: InodeStat): CachedRecord | undefined {
    while (this.#path !== undefined && compareInWalkOrder(this.#path, path) < 0) this.#advance();
    if (this.#path !== path) return undefined;
    const identity = identityOf(stat);
    if (!identity.every((value, at) => value === this.#identity[at])) return undefined;
    return stat.ctimeSec < this.header.startedAtMs / 1000 - trustedAgeSec ? this.#record : undefined;
  }

  close(): void {
    closeSync(this.#file);
  }

  #advance(): void {
    this.#path = undefined;
    if (this.#frame === undefined || this.#frame.remaining === 0) this.#frame = this.#readFrame();
    if (this.#frame === undefined) return;
    const path = this.#frame.byteString(maxFrameBytes);
    this.#identity = readIdentity(this.#frame);
    const dataBytes = this.#frame.varint();
    const secret = secretKinds[this.#frame.u8() - 1];
    this.#record = { dataBytes, body: this.#frame.blob(maxFrameBytes), ...(secret !== undefined && { secret }) };
    this.#path = path;
  }

  #readFrame(): ByteReader | undefined {
    const head = Buffer.alloc(8);
    if (readSync(this.#file, head) < 8) return undefined;
    const length = head.readUInt32LE(0);
    // Zeros are what a loss of power leaves of a file that was not synced.
    if (length === 0 || length > maxFrameBytes) return undefined;
    const payload = Buffer.allocUnsafe(length);
    let read = 0;
    while (read < length) {
      const count = readSync(this.#file, payload, read, length - read, null);
      if (count === 0) return undefined;
      read += count;
    }
    return crc32(payload) === head.readUInt32LE(4) ? new ByteReader(payload, "a capture cache") : undefined;
  }
}

function isSameKey(a: CaptureCacheKey, b: CaptureCacheKey): boolean {
  return a.root === b.root && a.ownerShift === b.ownerShift && a.redaction === b.redaction;
}

/** In a frame a kind is its place here, from 1; new ones go to the end. */
const secretKinds: readonly SecretKind[] = ["password-hashes", "private-key", "credentials", "token"];

function identityOf(stat: InodeStat): readonly number[] {
  return [
    stat.sizeBytes,
    stat.mtimeSec,
    stat.mtimeNsec,
    stat.ctimeSec,
    stat.ctimeNsec,
    stat.inoLow,
    stat.inoHigh,
    stat.deviceMajor,
    stat.deviceMinor,
  ];
}

const signed = new Set([1, 3]);

function writeIdentity(out: ByteWriter, stat: InodeStat): void {
  identityOf(stat).forEach((value, at) => (signed.has(at) ? out.svarint(value) : out.varint(value)));
}

function readIdentity(reader: ByteReader): readonly number[] {
  return Array.from({ length: 9 }, (_, at) => (signed.has(at) ? reader.svarint() : reader.varint()));
}
