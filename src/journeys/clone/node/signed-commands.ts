import type { Message } from "../wire/messages.ts";
import { execSubject, isSigned } from "../wire/signed.ts";
import type { SessionFacts } from "./index-receiver.ts";
import type { NodeParts } from "./node-parts.ts";

const notAllowed = 126;

/**
 * Runs what the golden node has signed.
 *
 * Invariant: each serial is run once.
 */
export class SignedCommands {
  readonly #facts: SessionFacts;
  readonly #exec: NodeParts["exec"];
  readonly #log: (line: string) => void;
  #lastSerial = 0;

  constructor(facts: SessionFacts, exec: NodeParts["exec"], log: (line: string) => void) {
    this.#facts = facts;
    this.#exec = exec;
    this.#log = log;
  }

  /** Runs a command for this node, whose number is `node`; resolves with its exit status, or undefined if it is none to be run. */
  async run({ serial, signature, command }: Message<"exec">, node: number): Promise<number | undefined> {
    const { sessionId, goldenKey } = this.#facts;
    const isRight = isSigned(execSubject(sessionId, node, serial, command), signature, goldenKey);
    if (!isRight || serial <= this.#lastSerial) return undefined;
    this.#lastSerial = serial;
    if (this.#exec !== undefined) return await this.#exec(command.split("\0"), this.#log);
    this.#log("a command was refused: this node was not started with --allow-exec");
    return notAllowed;
  }
}
