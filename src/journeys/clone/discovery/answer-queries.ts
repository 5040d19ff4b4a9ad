import { createSocket } from "node:dgram";
import { defaultPort } from "../link/chain-port.ts";
import { encodeAnswer, readQuery, type GoldenPlace, type SoughtSession } from "./messages.ts";

/**
 * Answers queries for a session with the place where it is served, until it is disposed of; all else gets no answer. Several sessions
 * of a host answer side by side.
 *
 * @throws What makes the system refuse the port.
 */
export async function answerQueries(sought: SoughtSession, place: GoldenPlace): Promise<Disposable> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  socket.on("message", (bytes, from) => {
    const nonce = readQuery(sought, bytes);
    if (nonce) socket.send(encodeAnswer(sought, nonce, place), from.port, from.address, () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    // Broadcasts reach no socket that is bound to an address.
    socket.bind(defaultPort, resolve);
  });
  socket.on("error", () => undefined);
  return { [Symbol.dispose]: () => void socket.close() };
}
