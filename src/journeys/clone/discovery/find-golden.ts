import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { defaultPort } from "../link/chain-port.ts";
import { broadcastAddress } from "./broadcast-address.ts";
import { encodeQuery, nonceBytes, readAnswer, type GoldenPlace, type SoughtSession } from "./messages.ts";

const askEveryMs = 300;
const waitMs = 1000;
const afterFirstMs = 200;

/**
 * Asks on every net of this host where a session is served. What comes back was said by somebody with the token, who may still be no
 * golden node.
 *
 * @returns At most one place for each who answered; none after a second of silence.
 */
export async function findGolden(sought: SoughtSession, signal?: AbortSignal): Promise<readonly GoldenPlace[]> {
  const places = new Map<string, GoldenPlace>();
  const nonce = randomBytes(nonceBytes);
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve) => {
      setTimeout(resolve, waitMs);
      signal?.addEventListener("abort", () => resolve(), { once: true });
      socket.on("error", () => resolve());
      socket.on("message", (bytes) => {
        const place = readAnswer(sought, nonce, bytes);
        if (place === undefined) return;
        if (places.size === 0) setTimeout(resolve, afterFirstMs);
        places.set(`${place.host}:${place.port}`, place);
      });
      socket.bind(0, () => {
        socket.setBroadcast(true);
        ask(socket, encodeQuery(sought, nonce));
      });
    });
  } finally {
    socket.close();
  }
  return [...places.values()];
}

/** Asks until the socket is closed: a datagram may be lost. */
function ask(socket: Socket, query: Buffer): void {
  const send = (): void => {
    const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    for (const { family, internal, address, netmask } of own) {
      const broadcast = family === "IPv4" && !internal ? broadcastAddress(address, netmask) : undefined;
      if (broadcast !== undefined) socket.send(query, defaultPort, broadcast, () => undefined);
    }
  };
  const timer = setInterval(send, askEveryMs);
  socket.once("close", () => clearInterval(timer));
  send();
}
