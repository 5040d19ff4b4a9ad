interface Kept {
  readonly sizeBytes: number;
  complete: boolean;
  /** Its own writer has not taken it yet. */
  unwritten: boolean;
}

/**
 * Which frames a hop has in memory; the bytes themselves are with the one who acts.
 *
 * Invariant: frames are kept in the order in which they came.
 */
export class Ring {
  readonly limitBytes: number;
  readonly #frames = new Map<number, Kept>();
  #bytes = 0;
  #unwrittenBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#bytes > this.limitBytes;
  }

  /** What the own writer has not taken fills more than half of the room. */
  get isTight(): boolean {
    return this.#unwrittenBytes * 2 > this.limitBytes;
  }

  /** Mostly what the own writer has not taken. */
  get waitsForWriter(): boolean {
    return this.#unwrittenBytes * 2 > this.#bytes;
  }

  has(frame: number): boolean {
    return this.#frames.has(frame);
  }

  /** Takes in a frame that begins to come. */
  begin(frame: number, sizeBytes: number): void {
    this.#frames.set(frame, { sizeBytes, complete: false, unwritten: true });
    this.#bytes += sizeBytes;
    this.#unwrittenBytes += sizeBytes;
  }

  complete(frame: number): void {
    const kept = this.#frames.get(frame);
    if (kept) kept.complete = true;
  }

  written(frame: number): void {
    const kept = this.#frames.get(frame);
    if (!kept?.unwritten) return;
    kept.unwritten = false;
    this.#unwrittenBytes -= kept.sizeBytes;
  }

  remove(frame: number): void {
    const kept = this.#frames.get(frame);
    if (!kept) return;
    this.#frames.delete(frame);
    this.#bytes -= kept.sizeBytes;
    if (kept.unwritten) this.#unwrittenBytes -= kept.sizeBytes;
  }

  /** The oldest frame that may go: whole, written, and not `held`. */
  oldestFree(held: (frame: number) => boolean): number | undefined {
    for (const [frame, { complete, unwritten }] of this.#frames)
      if (complete && !unwritten && !held(frame)) return frame;
    return undefined;
  }

  /** The highest whole frame that its writer has not taken. */
  latestUnwritten(): number | undefined {
    let latest: number | undefined;
    for (const [frame, { complete, unwritten }] of this.#frames)
      if (complete && unwritten && (latest === undefined || frame > latest)) latest = frame;
    return latest;
  }
}
