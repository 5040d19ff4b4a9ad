import type { NodeRecord } from "./roster.ts";

/**
 * Finds the node that sets the pace of a chain where it need not (section 4.6).
 *
 * Invariant: after one was set aside, no other is before it was seen that the rest got a quarter faster by it.
 */
export class SlowNodes {
  readonly #afterMs: number;
  /** Frames that the fastest node had, by time; of the last `afterMs`. */
  #marks: { readonly atMs: number; readonly complete: number }[] = [];
  #trial: { readonly pace: number; readonly fromMs: number } | undefined;
  #isOver = false;

  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  /** The slow node, if there is one. `chain` in order. */
  find(chain: readonly NodeRecord[], nowMs: number): NodeRecord | undefined {
    const complete = chain.reduce((most, { report }) => Math.max(most, report?.complete ?? 0), 0);
    this.#marks.push({ atMs: nowMs, complete });
    while ((this.#marks[0]?.atMs ?? nowMs) < nowMs - this.#afterMs) this.#marks.shift();
    this.#judge(nowMs);
    if (this.#isOver || this.#trial) return undefined;
    const slow = chain.find((node, at) => isSlow(node, chain[at - 1], nowMs - this.#afterMs));
    if (slow === undefined) return undefined;
    this.#trial = { pace: this.#pace(nowMs), fromMs: nowMs };
    this.#marks = [];
    return slow;
  }

  /** Frames a ms. */
  #pace(nowMs: number): number {
    const first = this.#marks[0];
    const last = this.#marks.at(-1);
    return first === undefined || last === undefined
      ? 0
      : (last.complete - first.complete) / Math.max(1, nowMs - first.atMs);
  }

  #judge(nowMs: number): void {
    if (this.#trial === undefined || nowMs - this.#trial.fromMs < this.#afterMs) return;
    this.#isOver = this.#pace(nowMs) < this.#trial.pace * 1.25;
    this.#trial = undefined;
  }
}

function isSlow(node: NodeRecord, predecessor: NodeRecord | undefined, sinceMs: number): boolean {
  if (node.aside || node.report === undefined || node.report.held === "successor") return false;
  if (predecessor === undefined) return node.report.held === "writing" && (node.heldSinceMs ?? Infinity) <= sinceMs;
  return predecessor.report?.held === "successor" && (predecessor.heldSinceMs ?? Infinity) <= sinceMs;
}
