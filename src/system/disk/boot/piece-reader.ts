/** Reads bytes that come in pieces, without putting together more of them than is looked at. */
export class PieceReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #leftBytes: number;
  #rest: Buffer = Buffer.alloc(0);

  /** @param maxBytes What comes after that many is left out. */
  constructor(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, maxBytes: number = Number.MAX_SAFE_INTEGER) {
    this.#pieces = toAsync(pieces);
    this.#leftBytes = maxBytes;
  }

  /** The next bytes, which are not taken: `lengthBytes` of them, fewer only at the end. */
  async peek(lengthBytes: number): Promise<Buffer> {
    while (this.#rest.length < lengthBytes) {
      const piece = await this.#next();
      if (piece === undefined) break;
      this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    }
    return this.#rest.subarray(0, lengthBytes);
  }

  /** Leaves out `lengthBytes`, or what there is. */
  async skip(lengthBytes: number): Promise<void> {
    let left = lengthBytes;
    while (left > this.#rest.length) {
      left -= this.#rest.length;
      const piece = await this.#next();
      this.#rest = piece ?? Buffer.alloc(0);
      if (piece === undefined) return;
    }
    this.#rest = this.#rest.subarray(left);
  }

  /** All that is left. */
  async *rest(): AsyncGenerator<Buffer, void, undefined> {
    for (let piece: Buffer | undefined = this.#rest; piece !== undefined; piece = await this.#next())
      if (piece.length > 0) yield piece;
    this.#rest = Buffer.alloc(0);
  }

  async #next(): Promise<Buffer | undefined> {
    const { done, value } = await this.#pieces.next();
    if (done === true || this.#leftBytes === 0) return undefined;
    const piece = Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, this.#leftBytes));
    this.#leftBytes -= piece.length;
    return piece;
  }
}

async function* toAsync(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
