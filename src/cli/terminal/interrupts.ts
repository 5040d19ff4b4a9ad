import { InterruptedError } from "../../core/errors.ts";

/** Where the signals of a process come from; `process` itself, but for tests. */
export interface SignalSource {
  readonly on: (signal: "SIGINT" | "SIGTERM", act: () => void) => unknown;
  readonly off: (signal: "SIGINT" | "SIGTERM", act: () => void) => unknown;
}

/**
 * Turns the first Ctrl-C (or SIGTERM) into an abort of the work, and the next into an end at once.
 *
 * Until `listen` is called, and after disposal, signals end the process as they always do.
 */
export class Interrupts implements Disposable {
  readonly #source: SignalSource;
  readonly #controller = new AbortController();
  readonly #onFirst: () => void;
  readonly #onSecond: () => void;
  #action = "";

  constructor(source: SignalSource, onFirst: () => void, onSecond: () => void) {
    this.#source = source;
    this.#onFirst = onFirst;
    this.#onSecond = onSecond;
  }

  /** Says whether the work was told to stop. */
  get happened(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Begins to listen for the sake of `action` (`the capture`). */
  listen(action: string): AbortSignal {
    if (this.#action === "") {
      this.#source.on("SIGINT", this.#take);
      this.#source.on("SIGTERM", this.#take);
    }
    this.#action = action;
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#source.off("SIGINT", this.#take);
    this.#source.off("SIGTERM", this.#take);
  }

  readonly #take = (): void => {
    if (this.happened) {
      this.#onSecond();
      return;
    }
    this.#onFirst();
    this.#controller.abort(new InterruptedError(this.#action));
  };
}
