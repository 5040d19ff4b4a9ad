import type { NodeSession } from "../../../journeys/clone/node/node-session.ts";

/**
 * Keeps a node in its session after the golden node let it go, for what is to be done then: the golden node waits for it to leave,
 * and keeps its lines. Disposing of it leaves.
 */
export class SessionStay implements Disposable {
  readonly #onLine: (line: string) => void;
  #session: NodeSession | undefined;
  #parts: Disposable | undefined;

  /** @param onLine Gets the lines of a node that is in no session. */
  constructor(onLine: (line: string) => void = () => undefined) {
    this.#onLine = onLine;
  }

  /** Takes a session over, with all that it is made of. */
  keep(session: NodeSession, parts: Disposable): void {
    this.#session = session;
    this.#parts = parts;
  }

  log(line: string): void {
    if (this.#session === undefined) this.#onLine(line);
    else this.#session.log(line);
  }

  [Symbol.dispose](): void {
    this.#session = undefined;
    this.#parts?.[Symbol.dispose]();
    this.#parts = undefined;
  }
}
