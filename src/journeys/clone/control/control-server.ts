import { createServer, type Server, type TLSSocket } from "node:tls";
import type { Socket } from "node:net";
import { isKnownVersion, oldestProtocolVersion, protocolVersion, type Message } from "../wire/messages.ts";
import { controlIdentity, controlKey, type SessionToken } from "../wire/token.ts";
import { ControlConnection, controlTls } from "./control-connection.ts";

/** A node that has said hello. */
export interface Guest {
  readonly hello: Message<"hello">;
  /** Its address, as it is seen here. */
  readonly host: string;
  readonly connection: ControlConnection;
  /** From now on. */
  receive(onMessage: (message: Message) => void, onClosed: () => void): void;
}

const helloWithinMs = 5000;

/**
 * Lets nodes in that have the session's token.
 *
 * Invariant: `onGuest` is called once for a connection, with a hello of a known version for this session.
 */
export class ControlServer implements Disposable {
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();

  constructor(session: string, token: SessionToken, onGuest: (guest: Guest) => void) {
    const identity = controlIdentity(session);
    const psk = controlKey(token);
    this.#server = createServer(
      {
        ...controlTls,
        pskCallback: (_socket, name) => (name === identity ? psk : null),
        handshakeTimeout: helloWithinMs,
      },
      (socket) => this.#welcome(socket, session, onGuest),
    );
    this.#server.on("tlsClientError", (_error, socket) => socket.destroy());
  }

  /** Takes a connection that begins as TLS does. */
  welcome(socket: Socket): void {
    this.#server.emit("connection", socket);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #welcome(socket: TLSSocket, session: string, onGuest: (guest: Guest) => void): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    const host = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    let handlers: { onMessage: (message: Message) => void; onClosed: () => void } | undefined;
    const timer = setTimeout(() => connection.close(), helloWithinMs);
    const connection: ControlConnection = new ControlConnection(
      socket,
      (message) => {
        if (handlers) {
          handlers.onMessage(message);
          return;
        }
        clearTimeout(timer);
        const refusal = refusalOf(message, session);
        if (refusal) {
          connection.send(refusal);
          socket.end();
          return;
        }
        const receive: Guest["receive"] = (onMessage, onClosed) => {
          handlers = { onMessage, onClosed };
        };
        onGuest({ hello: message as Message<"hello">, host, connection, receive });
      },
      () => {
        clearTimeout(timer);
        this.#sockets.delete(socket);
        handlers?.onClosed();
      },
    );
  }
}

function refusalOf(message: Message, session: string): Message<"refuse"> | undefined {
  if (message.kind !== "hello") return { kind: "refuse", code: "protocol", reason: "the first message is no hello" };
  if (!isKnownVersion(message.version))
    return {
      kind: "refuse",
      code: "version",
      reason: `version ${message.version} of the chain protocol is asked for, and ${oldestProtocolVersion} to ${protocolVersion} are known here`,
    };
  if (message.session !== session)
    return {
      kind: "refuse",
      code: "session",
      reason: `session "${message.session}" is asked for, and this is "${session}"`,
    };
  const firstPort = message.version === 1 ? 1 : 0;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(message.name) || message.port < firstPort || message.port > 65_535)
    return { kind: "refuse", code: "protocol", reason: "the name or port of the node is none" };
  return undefined;
}
