/** The times of `docs/protocol/chain.md` section 4.8. */
export const times: Readonly<
  Record<"reportMs" | "pingMs" | "idleMs" | "linkSilentMs" | "nodeLostMs" | "unheardMs" | "retryMs", number>
> = {
  reportMs: 300,
  pingMs: 1000,
  idleMs: 300,
  linkSilentMs: 1200,
  nodeLostMs: 2500,
  /** A predecessor that is accused and was not heard of for so long is taken for lost. */
  unheardMs: 900,
  retryMs: 500,
};

/** Bytes of frames that a hop keeps, one frame more while it comes. */
export const ringLimitBytes: number = 64 * 1024 * 1024;
