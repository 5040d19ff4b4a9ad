/** What was asked of a session. Times in ms. */
export interface SessionSettings {
  /** Starts when so many wait. */
  readonly nodes: number | undefined;
  /** With `maxWaitMs`: starts then with at least so many. */
  readonly minNodes: number;
  readonly maxWaitMs: number | undefined;
  readonly slowAfterMs: number;
  readonly giveUpMs: number;
  /** So long the session goes on once it could end: who comes meanwhile is served. Default: 0. */
  readonly lingerMs?: number;
  /** Names or addresses in the order wanted; all others come after, by address. */
  readonly order: readonly string[];
}
