import { writeSync } from "node:fs";
import { isatty, WriteStream } from "node:tty";

/** Standard output or standard error, as far as printing needs to know it. */
export interface Terminal {
  /** Writes all of `bytes`; throws what the kernel says. */
  readonly write: (bytes: Uint8Array) => void;
  readonly isTerminal: boolean;
  /** Cells in a line now; Infinity where it is no terminal. */
  readonly columns: () => number;
}

const pauseMs = 5;

/** The terminal, pipe or file behind a standard descriptor of this process. */
export function openTerminal(file: 1 | 2): Terminal {
  const screen = isatty(file) ? new WriteStream(file) : undefined;
  return {
    write: (bytes) => writeAll(file, bytes),
    isTerminal: screen !== undefined,
    columns: () => {
      if (screen === undefined) return Number.POSITIVE_INFINITY;
      return screen.columns > 0 ? screen.columns : 80;
    },
  };
}

/**
 * Writes synchronously, so that a failure is known at once and a slow reader holds the writer back. A descriptor that another
 * process has made non-blocking is tried again.
 */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(file, bytes, at, bytes.length - at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}
