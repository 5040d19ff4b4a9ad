import type { Terminal } from "../../src/cli/terminal/terminal.ts";

/** A terminal, or a pipe, that keeps what is written to it. */
export interface MemoryTerminal extends Terminal {
  readonly text: () => string;
}

/** Makes a {@link MemoryTerminal}; without `columns` it is none. */
export function memoryTerminal(columns?: number): MemoryTerminal {
  const parts: Buffer[] = [];
  return {
    write: (bytes) => void parts.push(Buffer.from(bytes)),
    isTerminal: columns !== undefined,
    columns: () => columns ?? Number.POSITIVE_INFINITY,
    text: () => Buffer.concat(parts).toString("utf8"),
  };
}
