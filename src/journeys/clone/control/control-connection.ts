import type { TLSSocket } from "node:tls";
import { encodeMessage, MessageSplitter, type Message } from "../wire/messages.ts";

/** How control connections are secured, at both ends. */
export const controlTls: Readonly<Record<"minVersion" | "maxVersion", "TLSv1.3"> & { readonly ciphers: string }> = {
  minVersion: "TLSv1.3",
  maxVersion: "TLSv1.3",
  ciphers: "TLS_AES_128_GCM_SHA256",
};

const waitingBytes = 4 * 1024 * 1024;

/** One end of a control connection, once it is secured: messages in and out. */
export class ControlConnection {
  readonly #socket: TLSSocket;
  #isClosed = false;
  #heardAtMs = performance.now();

  /** @param onMessage May throw to end the connection. */
  constructor(socket: TLSSocket, onMessage: (message: Message) => void, onClosed: () => void) {
    this.#socket = socket;
    const splitter = new MessageSplitter();
    const close = (): void => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      socket.destroy();
      onClosed();
    };
    socket.on("data", (bytes: Buffer) => {
      this.#heardAtMs = performance.now();
      try {
        for (const message of splitter.push(bytes)) if (!this.#isClosed) onMessage(message);
      } catch {
        close();
      }
    });
    socket.on("error", close);
    socket.on("close", close);
    socket.on("end", close);
    this.close = close;
  }

  readonly close: () => void;

  /** When something last came in, by the clock of `performance.now()`. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** What only the two ends of this connection know. */
  exported(label: string): Buffer {
    return this.#socket.exportKeyingMaterial(32, label, Buffer.alloc(0));
  }

  /** Sends a message. A peer that takes nothing for long is given up. */
  send(message: Message): void {
    if (this.#isClosed) return;
    if (this.#socket.writableLength > waitingBytes) this.close();
    else this.#socket.write(encodeMessage(message));
  }
}
