import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { ObjectDamagedError } from "../errors.ts";

/*
 * An object in an encrypted store (docs/format/image.md, section 5.2): a magic, a random salt, then segments of 64 KiB of
 * plain bytes, each sealed with AES-256-GCM under a key of the object's own, HKDF-SHA-256 of the master key and the salt.
 * The nonce of a segment is its number and a byte that tells the last one (the STREAM construction), so that segments can
 * be read singly, and none can be moved, dropped or put at the end. The object's name is authenticated with each.
 */
const magic = Buffer.from("RHSEAL01");
const saltBytes = 32;
const tagBytes = 16;
const headBytes: number = magic.length + saltBytes;
const segmentBytes = 65_536;
const sealedSegmentBytes: number = segmentBytes + tagBytes;
const algorithm = "aes-256-gcm";

/** Seals an object's bytes under its name. An empty object has one empty segment. */
export function sealObjectBytes(master: Uint8Array, name: string, parts: readonly Uint8Array[]): Buffer[] {
  const salt = randomBytes(saltBytes);
  const key = objectKey(master, salt);
  const sealed: Buffer[] = [magic, salt];
  const segments = cutSegments(parts);
  for (const [index, segment] of segments.entries()) {
    const cipher = createCipheriv(algorithm, key, nonceOf(index, index === segments.length - 1));
    cipher.setAAD(Buffer.from(name));
    for (const part of segment) sealed.push(cipher.update(part));
    sealed.push(cipher.final(), cipher.getAuthTag());
  }
  return sealed;
}

/** How long the plain bytes of a sealed object are. @throws {ObjectDamagedError} If no object is so long. */
export function plainSizeOf(name: string, sealedBytes: number): number {
  const body = sealedBytes - headBytes;
  const segments = Math.ceil(body / sealedSegmentBytes);
  const size = body - segments * tagBytes;
  if (segments < 1 || size < 0) throw new ObjectDamagedError(name, "it is too short to be a sealed object");
  return size;
}

/** Which bytes of a sealed object have to be read for some of its plain bytes. */
export interface SealedRange {
  readonly firstSegment: number;
  /** Where the first segment's plain bytes begin. */
  readonly plainOffset: number;
  readonly offset: number;
  readonly lengthBytes: number;
}

/** The sealed bytes that hold the plain ones from `offset` on; an empty range reads one segment all the same. */
export function sealedRangeOf(offset: number, lengthBytes: number): SealedRange {
  const firstSegment = Math.floor(offset / segmentBytes);
  const lastSegment = Math.floor((offset + Math.max(1, lengthBytes) - 1) / segmentBytes);
  return {
    firstSegment,
    plainOffset: firstSegment * segmentBytes,
    offset: headBytes + firstSegment * sealedSegmentBytes,
    lengthBytes: (lastSegment - firstSegment + 1) * sealedSegmentBytes,
  };
}

/** How many bytes at the beginning of an object tell its key. */
export const sealedHeadBytes: number = headBytes;

/** A sealed object that is open for reading. */
export class SealedReader {
  readonly #name: string;
  readonly #key: Buffer;

  /** @param head The first {@link sealedHeadBytes}. @throws {ObjectDamagedError} */
  constructor(master: Uint8Array, name: string, head: Uint8Array) {
    const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
    if (bytes.length < headBytes || !bytes.subarray(0, magic.length).equals(magic))
      throw new ObjectDamagedError(name, "it does not begin as a sealed object does");
    this.#name = name;
    this.#key = objectKey(master, bytes.subarray(magic.length, headBytes));
  }

  /**
   * Opens whole segments that were read from `firstSegment` on; `endsObject` says that the object ends with them, where that is known.
   *
   * @throws {ObjectDamagedError} If a byte of them is not what was sealed, or the object was cut off.
   */
  open(firstSegment: number, sealed: Uint8Array, endsObject: boolean): Buffer {
    const count = Math.ceil(sealed.length / sealedSegmentBytes);
    if (count === 0 && firstSegment === 0) throw this.#damaged();
    // Not from the pool: readers hand it to other threads.
    const plain = Buffer.allocUnsafeSlow(Math.max(0, sealed.length - count * tagBytes));
    for (let number = 0; number < count; number++) {
      const segment = sealed.subarray(number * sealedSegmentBytes, (number + 1) * sealedSegmentBytes);
      const into = plain.subarray(number * segmentBytes);
      const index = firstSegment + number;
      const isFinal = number === count - 1;
      const isOpen =
        (!(isFinal && endsObject) && this.#openOne(segment, nonceOf(index, false), into)) ||
        (isFinal && this.#openOne(segment, nonceOf(index, true), into));
      if (!isOpen) throw this.#damaged();
    }
    return plain;
  }

  #damaged(): ObjectDamagedError {
    return new ObjectDamagedError(this.#name, "its bytes are not what was sealed under its name");
  }

  #openOne(segment: Uint8Array, nonce: Buffer, into: Uint8Array): boolean {
    if (segment.length < tagBytes) return false;
    const decipher = createDecipheriv(algorithm, this.#key, nonce);
    decipher.setAAD(Buffer.from(this.#name));
    decipher.setAuthTag(segment.subarray(-tagBytes));
    into.set(decipher.update(segment.subarray(0, -tagBytes)));
    try {
      decipher.final();
      return true;
    } catch {
      return false;
    }
  }
}

function objectKey(master: Uint8Array, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", master, salt, "rehome object 1", 32));
}

/** Seven zero bytes, the number in four, big-endian, and 1 for the last. */
function nonceOf(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** The parts in groups of a segment's length each, the last one shorter, without copying. */
function cutSegments(parts: readonly Uint8Array[]): Uint8Array[][] {
  const segments: Uint8Array[][] = [[]];
  let room = segmentBytes;
  for (const part of parts)
    for (let at = 0; at < part.length;) {
      if (room === 0) {
        segments.push([]);
        room = segmentBytes;
      }
      const end = Math.min(part.length, at + room);
      segments.at(-1)?.push(part.subarray(at, end));
      room -= end - at;
      at = end;
    }
  return segments;
}
