/** Grows a buffer of fields as `docs/format/image.md` section 1 writes them. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(initialBytes = 1024) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  /** @throws {RangeError} If `value` is no integer from 0 to 2^53 - 1. */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`cannot write varint: ${value} is out of range`);
    this.#reserve(8);
    while (value >= 0x80) {
      this.#buffer[this.#length++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#buffer[this.#length++] = value;
  }

  /** Zig-zag; from -2^52 to 2^52 - 1. */
  svarint(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Characters U+0000 to U+00FF as one byte each, without a length. */
  latin1(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#buffer.write(text, this.#length, "latin1");
  }

  blob(value: Uint8Array | string): void {
    this.varint(value.length);
    if (typeof value === "string") this.latin1(value);
    else this.bytes(value);
  }

  /** What was written; a view that the next write may overwrite. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** A copy of what was written; the writer is empty after. */
  take(): Buffer {
    const taken = Buffer.from(this.view());
    this.#length = 0;
    return taken;
  }

  reset(): void {
    this.#length = 0;
  }

  /** Forgets what was written after the first `length` bytes. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + count));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
