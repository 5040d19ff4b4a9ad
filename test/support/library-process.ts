import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Answer, Calls, Request } from "./library-child.ts";

/** A call in another process failed there. */
export class ChildFailedError extends Error {
  override readonly name = "ChildFailedError";
  /** Of a failure that has one. */
  readonly code: string;

  constructor(call: string, message: string, code: string, stack: string) {
    super(`${call}: ${message}\n${stack}`);
    this.code = code;
  }
}

/** The process ended before it had answered. */
export class ChildEndedError extends Error {
  override readonly name = "ChildEndedError";
}

/** A process that calls the library as it is told, one call after the other, and may be killed at any moment. */
export class LibraryProcess implements AsyncDisposable {
  readonly #child: ChildProcess;

  /**
   * Starts a process; it has loaded everything when this returns.
   *
   * @param stopsAt A crash point at which it stops itself, as by `SIGSTOP`, the first time it passes there.
   */
  static async start(stopsAt?: string): Promise<LibraryProcess> {
    const child = fork(join(import.meta.dirname, "library-child.ts"), stopsAt === undefined ? [] : [stopsAt], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    await once(child, "message");
    return new LibraryProcess(child);
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @throws {ChildFailedError} @throws {ChildEndedError} */
  async call<Name extends keyof Calls>(
    call: Name,
    ...words: Parameters<Calls[Name]>
  ): Promise<Awaited<ReturnType<Calls[Name]>>> {
    const ended = new AbortController();
    const gone = once(this.#child, "exit", { signal: ended.signal }).then(() => {
      throw new ChildEndedError(`the process ended during ${call}`);
    });
    const answered = once(this.#child, "message", { signal: ended.signal }) as Promise<[Answer]>;
    const request = { call, words } as unknown as Request;
    this.#child.send(request);
    try {
      const [answer] = await Promise.race([answered, gone]);
      if ("failure" in answer)
        throw new ChildFailedError(call, answer.failure.message, answer.failure.code, answer.failure.stack);
      return answer.result as Awaited<ReturnType<Calls[Name]>>;
    } finally {
      ended.abort();
      await Promise.allSettled([gone, answered]);
    }
  }

  /** Sends a signal: `SIGKILL`, or `SIGSTOP` and `SIGCONT`. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits until the process has stopped. */
  async stopped(): Promise<void> {
    while (!/^\d+ \(.*\) T/.test(readFileSync(`/proc/${this.#child.pid}/stat`, "latin1"))) await setImmediate();
  }

  /** Kills the process and waits until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }
}
