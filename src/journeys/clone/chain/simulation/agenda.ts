interface Appointment {
  readonly atMs: number;
  readonly order: number;
  readonly act: () => void;
}

/** What is to happen, by virtual time; what is due at the same time happens in the order it was arranged. */
export class Agenda {
  nowMs = 0;
  readonly #heap: Appointment[] = [];
  #order = 0;

  /** Arranges `act` for a time that is not past. */
  at(atMs: number, act: () => void): void {
    const heap = this.#heap;
    heap.push({ atMs: Math.max(atMs, this.nowMs), order: this.#order++, act });
    for (let at = heap.length - 1; at > 0;) {
      const up = (at - 1) >> 1;
      if (!comesFirst(heap[at] as Appointment, heap[up] as Appointment)) break;
      swap(heap, at, up);
      at = up;
    }
  }

  after(ms: number, act: () => void): void {
    this.at(this.nowMs + ms, act);
  }

  /** Does what is due next. @returns False if nothing is left. */
  step(): boolean {
    const heap = this.#heap;
    const next = heap[0];
    if (next === undefined) return false;
    const last = heap.pop() as Appointment;
    if (heap.length > 0) {
      heap[0] = last;
      for (let at = 0; ;) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        let first = at;
        if (left < heap.length && comesFirst(heap[left] as Appointment, heap[first] as Appointment)) first = left;
        if (right < heap.length && comesFirst(heap[right] as Appointment, heap[first] as Appointment)) first = right;
        if (first === at) break;
        swap(heap, at, first);
        at = first;
      }
    }
    this.nowMs = next.atMs;
    next.act();
    return true;
  }
}

function comesFirst(a: Appointment, b: Appointment): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function swap(heap: Appointment[], a: number, b: number): void {
  [heap[a], heap[b]] = [heap[b] as Appointment, heap[a] as Appointment];
}
