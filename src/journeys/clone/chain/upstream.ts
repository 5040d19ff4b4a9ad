/** The link of a hop to its predecessor. */
export interface Upstream {
  readonly epoch: number;
  state: "opening" | "open" | "waiting";
  /** Times it was lost without a frame in between. */
  failures: number;
  bad: number;
  heardAtMs: number;
  retryAtMs: number;
}
