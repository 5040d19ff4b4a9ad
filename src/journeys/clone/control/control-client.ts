import { connect } from "node:tls";
import { growingBlocks, growingBound } from "../wire/frame-ranges.ts";
import type { Message } from "../wire/messages.ts";
import { exporterLabel, isSigned, welcomeSubject } from "../wire/signed.ts";
import { controlIdentity, controlKey, goldenKeyOf, type SessionToken } from "../wire/token.ts";
import { ControlConnection, controlTls } from "./control-connection.ts";
import { GoldenNodeUnreachableError, SessionRefusedError } from "../errors.ts";
import type { KeyObject } from "node:crypto";

/** Where the golden node is, and what it must prove. */
export interface GoldenAddress {
  readonly host: string;
  readonly port: number;
  readonly session: string;
  readonly token: SessionToken;
  /** Aborted to ask no longer. */
  readonly signal?: AbortSignal | undefined;
}

/** A golden node that has proved itself. */
export interface WelcomedConnection {
  readonly welcome: Message<"welcome">;
  readonly goldenKey: KeyObject;
  readonly connection: ControlConnection;
}

const answerWithinMs = 5000;

/**
 * Asks a golden node to be let in; resolves once it has shown that it is the one that the token names.
 *
 * @param onMessage Called with every message after the welcome. @param onClosed Called once, only after a welcome.
 * @throws {GoldenNodeUnreachableError} If nobody answers, or not the right one. @throws {SessionRefusedError}
 */
export function joinSession(
  address: GoldenAddress,
  who: Omit<Message<"hello">, "kind" | "session">,
  onMessage: (message: Message) => void,
  onClosed: () => void,
): Promise<WelcomedConnection> {
  const { host, port, session, token, signal } = address;
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...controlTls,
      host,
      port,
      pskCallback: () => ({ psk: controlKey(token), identity: controlIdentity(session) }),
      checkServerIdentity: () => undefined,
    });
    socket.setNoDelay(true);
    let isWelcome = false;
    const settled = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    };
    const fail = (why: string): void => {
      settled();
      reject(new GoldenNodeUnreachableError(`${host}:${port}`, why));
      socket.destroy();
    };
    const timer = setTimeout(() => fail("it does not answer"), answerWithinMs);
    const giveUp = (): void => fail("it was not waited for");
    signal?.addEventListener("abort", giveUp);
    socket.once("error", (error) => {
      const isHandshake = error.message.includes("alert") || error.message.includes("SSL");
      fail(isHandshake ? "it does not know the session by this token" : error.message);
    });
    socket.once("secureConnect", () => {
      const take = (message: Message): void => {
        if (isWelcome) {
          onMessage(message);
          return;
        }
        settled();
        if (message.kind === "refuse") reject(new SessionRefusedError(message.code, message.reason));
        else if (message.kind !== "welcome" || !isBounded(message)) fail("it does not speak the protocol");
        else {
          const goldenKey = goldenKeyOf(token, message.goldenKey);
          const subject = welcomeSubject(connection.exported(exporterLabel));
          if (goldenKey === undefined || !isSigned(subject, message.signature, goldenKey)) {
            fail("it is not the golden node that the token names");
            return;
          }
          isWelcome = true;
          resolve({ welcome: message, goldenKey, connection });
        }
      };
      const connection: ControlConnection = new ControlConnection(socket, take, () => {
        if (isWelcome) onClosed();
        else fail("it closed the connection");
      });
      connection.send({ kind: "hello", session, ...who });
    });
  });
}

/** The frames of an image that is there are counted, of one that is captured meanwhile they have the bounds of section 3.4. */
function isBounded({ image, indexFrames, frames }: Message<"welcome">): boolean {
  return image === "" ? indexFrames === growingBlocks && frames === growingBound : indexFrames <= frames;
}
