import { openSync, writeSync } from "node:fs";
import { isatty, ReadStream } from "node:tty";
import { InterruptedError } from "../../core/errors.ts";

const enter: ReadonlySet<string> = new Set(["\r", "\n"]);
const erase: ReadonlySet<string> = new Set(["\u007F", "\b"]);
const eraseAll = "\u0015";
const interrupt = "\u0003";
const end = "\u0004";

/** Asks on the terminal of this process, whatever its standard output is, and shows nothing of the answers. */
export class SecretPrompt {
  /** What was typed before it was asked for. */
  #ahead = "";

  /**
   * Asks once. Undefined where there is no terminal, or neither standard input nor standard error is one: a script whose
   * streams are all redirected has nobody who would see the question.
   *
   * @throws {InterruptedError} On Ctrl-C.
   */
  async ask(question: string): Promise<string | undefined> {
    if (!isatty(0) && !isatty(2)) return undefined;
    let file: number;
    try {
      file = openSync("/dev/tty", "r+");
    } catch {
      return undefined;
    }
    const terminal = new ReadStream(file);
    try {
      terminal.setRawMode(true);
      writeSync(file, question);
      terminal.setEncoding("utf8");
      return await this.#readAnswer(terminal);
    } finally {
      terminal.setRawMode(false);
      writeSync(file, "\n");
      terminal.destroy();
    }
  }

  async #readAnswer(terminal: AsyncIterable<string>): Promise<string> {
    const answer: string[] = [];
    const early = this.#take(this.#ahead, answer);
    if (early !== undefined) return early;
    for await (const text of terminal) {
      const whole = this.#take(text, answer);
      if (whole !== undefined) return whole;
    }
    return answer.join("");
  }

  /** Adds what was typed to the answer; returns it once it is ended, and keeps the rest for the next question. */
  #take(text: string, answer: string[]): string | undefined {
    this.#ahead = "";
    for (const [index, key] of Array.from(text).entries()) {
      if (key === interrupt) throw new InterruptedError("the command");
      if (key === end || enter.has(key)) {
        this.#ahead = Array.from(text)
          .slice(index + 1)
          .join("");
        return answer.join("");
      }
      if (key === eraseAll) answer.length = 0;
      else if (erase.has(key)) answer.pop();
      else answer.push(key);
    }
    return undefined;
  }
}
