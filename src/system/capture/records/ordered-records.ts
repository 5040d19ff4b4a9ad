import type { SecretKind } from "../../../core/manifest/manifest.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { InodeStat } from "../../../core/tree/tree-reader.ts";

/** A place for a record in walk order. `body` is undefined until it is known; a dropped record has none for good. */
export interface RecordSlot {
  readonly path: TreePath;
  /** Given where the next capture may trust this record. */
  stat: InodeStat | undefined;
  body: Uint8Array | undefined;
  /** Of a further name: the first one. */
  linkTarget: TreePath | undefined;
  /** Bytes of a file's content, holes left out. */
  dataBytes: number;
  /** Which secrets it is known to hold, or to have held where its content is left out. */
  secret: SecretKind | undefined;
  dropped: boolean;
}

/** Takes a finished record. Returns a promise only where it has to wait. */
export type TakeRecord = (slot: RecordSlot, body: Uint8Array) => Promise<void> | undefined;

/**
 * Brings records, whose bodies come from workers out of order, back into walk order.
 *
 * Invariant: slots leave in the order they came, each once its body is known or it is dropped.
 */
export class OrderedRecords {
  readonly #take: TakeRecord;
  #slots: RecordSlot[] = [];
  #first = 0;
  #draining: Promise<void> | undefined;

  constructor(take: TakeRecord) {
    this.#take = take;
  }

  /** Slots that wait. */
  get length(): number {
    return this.#slots.length - this.#first;
  }

  add(path: TreePath, stat: InodeStat | undefined, body?: Uint8Array): RecordSlot {
    const slot: RecordSlot = {
      path,
      stat,
      body,
      linkTarget: undefined,
      dataBytes: 0,
      secret: undefined,
      dropped: false,
    };
    this.#slots.push(slot);
    return slot;
  }

  /** Hands on what can leave. Calls while one is at work join it. */
  drain(): Promise<void> {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  async #drain(): Promise<void> {
    for (let slot = this.#slots[this.#first]; slot && (slot.dropped || slot.body); slot = this.#slots[this.#first]) {
      this.#first += 1;
      const taken = slot.dropped || !slot.body ? undefined : this.#take(slot, slot.body);
      if (taken) await taken;
      if (this.#first >= 4096) {
        this.#slots = this.#slots.slice(this.#first);
        this.#first = 0;
      }
    }
  }
}
