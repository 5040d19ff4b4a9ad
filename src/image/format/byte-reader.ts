import type { ByteString } from "../../core/tree/byte-string.ts";
import { FormatInvalidError } from "../errors.ts";

/**
 * Reads fields as `docs/format/image.md` section 1 writes them, from bytes that may come from an enemy: every length is
 * held against what is left before anything is taken.
 */
export class ByteReader {
  readonly #buffer: Buffer;
  readonly #subject: string;
  #at = 0;

  /** @param subject What is read, for messages: `segment 3f…`. */
  constructor(bytes: Uint8Array, subject: string) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#subject = subject;
  }

  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#buffer.length - this.#at;
  }

  u8(): number {
    this.#need(1);
    return this.#buffer[this.#at++] ?? 0;
  }

  u32(): number {
    this.#need(4);
    this.#at += 4;
    return this.#buffer.readUInt32LE(this.#at - 4);
  }

  /** @throws {FormatInvalidError} If the number is not in its shortest form, or above `max`. */
  varint(max: number = Number.MAX_SAFE_INTEGER): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && count > 0) throw this.invalid("a number is not in its shortest form");
        if (value > max) throw this.invalid(`the number ${value} is above ${max}`);
        return value;
      }
      scale *= 0x80;
    }
    throw this.invalid("a number has more than 8 bytes");
  }

  svarint(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Buffer {
    this.#need(length);
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }

  /** A view of the next `blob`. */
  blob(maxBytes: number): Buffer {
    return this.bytes(this.varint(maxBytes));
  }

  byteString(maxBytes: number): ByteString {
    const length = this.varint(maxBytes);
    this.#need(length);
    this.#at += length;
    return this.#buffer.toString("latin1", this.#at - length, this.#at) as ByteString;
  }

  /** @throws {FormatInvalidError} If anything is left. */
  end(): void {
    if (this.remaining !== 0) throw this.invalid(`${this.remaining} bytes are left over`);
  }

  invalid(what: string): FormatInvalidError {
    return new FormatInvalidError(this.#subject, `${what} at byte ${this.#at}`);
  }

  #need(count: number): void {
    if (count > this.remaining) throw this.invalid(`${count} bytes are needed and ${this.remaining} are left`);
  }
}
