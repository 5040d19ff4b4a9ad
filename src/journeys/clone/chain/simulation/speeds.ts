/** How fast things are. Bytes a ms. */
export interface Speeds {
  readonly linkBytesPerMs: number;
  readonly writeBytesPerMs: number;
  readonly latencyMs: number;
  /** Until a hop forwards what it gets: a slice and the handling of it. */
  readonly hopMs: number;
}
