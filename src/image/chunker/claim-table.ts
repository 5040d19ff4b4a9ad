/**
 * The chunks that a capture has met lately, shared by its threads: who claims a chunk first stores it.
 *
 * Invariants: memory is fixed; a slot is written under an odd sequence number and read again if that changed; the whole
 * 32-byte id is compared, so that no two chunks are ever taken for one. A chunk that was pushed out, or that is just
 * being written by another thread, counts as new: it is then stored twice, which is waste, never loss.
 */
export class ClaimTable {
  static readonly #slotWords = 9;
  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #wanted = new Int32Array(8);
  readonly #wantedBytes = new Uint8Array(this.#wanted.buffer);

  /** Room for `slots` chunks (a power of two), 36 bytes each, and one word that tells whether any was pushed out. */
  static allocate(slots: number): SharedArrayBuffer {
    return new SharedArrayBuffer((slots * ClaimTable.#slotWords + 1) * 4);
  }

  constructor(shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared);
    this.#mask = (this.#words.length - 1) / ClaimTable.#slotWords - 1;
  }

  /** True once a chunk was pushed out: then only the chunk index can tell about the older ones. */
  get overflowed(): boolean {
    return Atomics.load(this.#words, this.#words.length - 1) !== 0;
  }

  /** Says whether `id` (32 bytes) is new, and marks it as met. */
  claim(id: Uint8Array): boolean {
    const words = this.#words;
    const wanted = this.#wanted;
    this.#wantedBytes.set(id);
    const home = wanted[0] ?? 0;
    let target = -1;
    for (let probe = 0; probe < 8; probe++) {
      const slot = ((home + probe) & this.#mask) * ClaimTable.#slotWords;
      const sequence = Atomics.load(words, slot);
      if (sequence === 0) {
        target = slot;
        break;
      }
      if ((sequence & 1) === 0 && this.#equals(slot) && Atomics.load(words, slot) === sequence) return false;
    }
    if (target < 0) {
      target = ((home + ((id[31] ?? 0) % 8)) & this.#mask) * ClaimTable.#slotWords;
      Atomics.store(words, words.length - 1, 1);
    }
    const sequence = Atomics.load(words, target);
    if ((sequence & 1) === 1 || Atomics.compareExchange(words, target, sequence, sequence + 1) !== sequence)
      return true;
    for (let word = 0; word < 8; word++) words[target + 1 + word] = wanted[word] ?? 0;
    Atomics.store(words, target, (sequence + 2) & 0x7fff_fffe || 2);
    return true;
  }

  #equals(slot: number): boolean {
    for (let word = 0; word < 8; word++) if (this.#words[slot + 1 + word] !== this.#wanted[word]) return false;
    return true;
  }
}
