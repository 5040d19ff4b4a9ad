import { getSystemErrorMessage } from "node:util";
import { RehomeError } from "../../core/errors.ts";
import { safeJson, safeText } from "../render/safe-text.ts";
import type { Terminal } from "./terminal.ts";

/** Whoever read the results has gone; what is left to print is of no use. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";
}

/** Results could not be written: `errnoName` says why. */
export class OutputFailedError extends RehomeError {
  override readonly name = "OutputFailedError";
  readonly code = "SYSTEM_CALL";
  readonly errnoName: string;

  constructor(cause: NodeJS.ErrnoException) {
    const why = cause.errno === undefined ? cause.message : getSystemErrorMessage(cause.errno);
    super(`cannot write to standard output: ${why}`, "What the command did is done; only what it had to say is lost.", {
      cause,
    });
    this.errnoName = cause.code ?? "";
  }
}

const keptLength = 64 * 1024;
const keptOnScreenMs = 50;

/**
 * Results, on standard output. Lines are collected and written in large parts, on a terminal soon; `flush` writes what is left.
 *
 * Every method may throw {@link OutputClosedError}.
 */
export class Output {
  readonly #terminal: Terminal;
  #kept: string[] = [];
  #keptLength = 0;
  #hasPrinted = false;
  readonly #aside: (write: () => void) => void;
  #flushedAtMs = 0;

  /** @param aside Makes room on the screen while the function it is given writes. */
  constructor(terminal: Terminal, aside: (write: () => void) => void = (write) => write()) {
    this.#terminal = terminal;
    this.#aside = aside;
  }

  get isTerminal(): boolean {
    return this.#terminal.isTerminal;
  }

  /** Cells in a line; Infinity where results do not go to a terminal. */
  get width(): number {
    return this.#terminal.columns();
  }

  /** Says whether anything was printed. */
  get hasPrinted(): boolean {
    return this.#hasPrinted;
  }

  /** Prints a line of text, made safe for terminals. */
  line(text: string): void {
    this.#keep(`${safeText(text)}\n`);
  }

  /** Prints lines of text. */
  lines(texts: Iterable<string>): void {
    for (const text of texts) this.line(text);
  }

  /** Prints a whole document. */
  document(value: object): void {
    this.#keep(`${safeJson(JSON.stringify(value, undefined, 2))}\n`);
  }

  /**
   * Prints a document with a list that need not fit into memory: `head`, then `items` under `listName`, one a line, then
   * what `tail` makes once all items were taken. Prints nothing if there is not even a first item because taking it failed.
   */
  async listDocument(head: object, listName: string, items: AsyncIterable<object>, tail: () => object): Promise<void> {
    const begin = `{${membersOf(head)}\n  ${JSON.stringify(listName)}: [`;
    let isEmpty = true;
    for await (const item of items) {
      this.#keep(`${isEmpty ? begin : ","}\n    ${safeJson(JSON.stringify(item))}`);
      isEmpty = false;
    }
    const end = membersOf(tail());
    this.#keep(`${isEmpty ? begin : "\n  "}]${end === "" ? "" : `,${end.slice(0, -1)}`}\n}\n`);
  }

  /** Writes bytes as they are. */
  bytes(bytes: Uint8Array): void {
    this.flush();
    this.#write(bytes);
  }

  flush(): void {
    if (this.#keptLength === 0) return;
    const text = this.#kept.join("");
    this.#kept = [];
    this.#keptLength = 0;
    this.#flushedAtMs = performance.now();
    this.#write(Buffer.from(text));
  }

  #keep(text: string): void {
    this.#hasPrinted = true;
    this.#kept.push(text);
    this.#keptLength += text.length;
    const isDue = this.#terminal.isTerminal && performance.now() - this.#flushedAtMs >= keptOnScreenMs;
    if (isDue || this.#keptLength >= keptLength) this.flush();
  }

  #write(bytes: Uint8Array): void {
    this.#hasPrinted = true;
    try {
      this.#aside(() => this.#terminal.write(bytes));
    } catch (error) {
      const failure = error as NodeJS.ErrnoException;
      if (failure.code === "EPIPE") throw new OutputClosedError("standard output was closed", { cause: error });
      throw new OutputFailedError(failure);
    }
  }
}

function membersOf(value: object): string {
  return Object.entries(value)
    .map(([key, member]) => `\n  ${JSON.stringify(key)}: ${safeJson(JSON.stringify(member))},`)
    .join("");
}
