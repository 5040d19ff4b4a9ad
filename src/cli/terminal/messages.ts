import { cutToCells } from "../render/cell-width.ts";
import { safeText } from "../render/safe-text.ts";
import type { Terminal } from "./terminal.ts";

/** How much is said on standard error. */
export interface Loudness {
  readonly quiet: boolean;
  readonly verbose: number;
}

const clearLine = "\r\u001b[2K";

/**
 * Messages on standard error, and below them, on a terminal, one line that is redrawn. A reader that has gone, or a full disk behind
 * standard error, never fails the work that is told about.
 */
export class Messages {
  readonly #terminal: Terminal;
  readonly #loudness: Loudness;
  #status = "";

  constructor(terminal: Terminal, loudness: Loudness) {
    this.#terminal = terminal;
    this.#loudness = loudness;
  }

  /** Cells in a line; Infinity where messages do not go to a terminal. */
  get width(): number {
    return this.#terminal.columns();
  }

  get isTerminal(): boolean {
    return this.#terminal.isTerminal;
  }

  /** How often `-v` was given. */
  get verbose(): number {
    return this.#loudness.verbose;
  }

  /** Says something that `-q` leaves out. */
  remark(text: string): void {
    if (!this.#loudness.quiet) this.warn(text);
  }

  /** Says something that only `-v` wants to know. */
  detail(text: string): void {
    if (this.#loudness.verbose > 0) this.remark(text);
  }

  /** Says something that must be known: a warning, an error. Line ends begin new lines. */
  warn(text: string): void {
    const lines = text.split("\n").map((line) => `${safeText(line)}\n`);
    this.#write(`${this.#status === "" ? "" : clearLine}${lines.join("")}${this.#shownStatus()}`);
  }

  /** Shows `text` in the line that is redrawn; nothing removes it. Only on a terminal. */
  status(text: string): void {
    if (text === this.#status) return;
    this.#status = text;
    this.#write(clearLine + this.#shownStatus());
  }

  /** Lets `write` write to another descriptor that may be the same terminal: the line that is redrawn makes room meanwhile. */
  aside(write: () => void): void {
    if (this.#status === "") {
      write();
      return;
    }
    this.#write(clearLine);
    write();
    this.#write(this.#shownStatus());
  }

  #shownStatus(): string {
    // A line that reaches the edge would make some terminals begin a new one.
    return cutToCells(safeText(this.#status), this.#terminal.columns() - 1);
  }

  #write(text: string): void {
    try {
      this.#terminal.write(Buffer.from(text));
    } catch {
      // There is nobody left to tell.
    }
  }
}
