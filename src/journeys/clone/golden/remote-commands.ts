import type { ControlConnection } from "../control/control-connection.ts";
import { execSubject, signSubject } from "../wire/signed.ts";
import type { SessionState } from "./session-state.ts";

interface Running {
  readonly node: number;
  readonly resolve: (exitStatus: number) => void;
}

const serialsOfRun = 1_000_000;
const lostStatus = 255;

/** The commands that nodes were told to run, by serials that are never used again in a session. */
export class RemoteCommands {
  readonly #state: SessionState;
  readonly #running = new Map<number, Running>();
  #last = 0;

  constructor(state: SessionState) {
    this.#state = state;
  }

  /** Has a node run a command; resolves with its exit status, or 255 if the node is lost. */
  run(node: number, words: readonly string[], connection: ControlConnection): Promise<number> {
    const serial = ++this.#last + this.#state.runs * serialsOfRun;
    const command = words.join("\0");
    const { sessionId, signingKey } = this.#state;
    const signature = signSubject(execSubject(sessionId, node, serial, command), signingKey);
    connection.send({ kind: "exec", serial, signature, command });
    return new Promise((resolve) => this.#running.set(serial, { node, resolve }));
  }

  /** A node says how a command ended. Only one that it was told to run counts. */
  ended(node: number, serial: number, exitStatus: number): void {
    const running = this.#running.get(serial);
    if (running?.node !== node) return;
    this.#running.delete(serial);
    running.resolve(exitStatus);
  }

  /** A node is gone: nobody will say how its commands ended. */
  lost(node: number): void {
    for (const [serial, running] of this.#running) if (running.node === node) this.ended(node, serial, lostStatus);
  }
}
