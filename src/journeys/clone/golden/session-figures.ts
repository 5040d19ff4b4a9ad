/** What a session sent, and how long it took. Times in ms. */
export interface SessionFigures {
  readonly sentBytes: number;
  readonly packets: number;
  /** From the start to the last byte that left the golden node. */
  readonly transferMs: number;
  /** From then until the last node had everything. */
  readonly emptiedMs: number;
}
