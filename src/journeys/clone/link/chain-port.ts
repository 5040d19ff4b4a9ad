import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Where sessions are served unless they say otherwise; links of nodes too. */
export const defaultPort = 30_765;

const tlsHandshake = 0x16;
const firstByteWithinMs = 5000;

/** One listening port for both kinds of connection: control begins as TLS does, a link with its own word. */
export class ChainPort implements Disposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** Listens on `port` (0: any) of `host` (undefined: all addresses). Connections of a kind nobody takes are closed. */
  static async listen(
    where: { readonly port: number; readonly host: string | undefined },
    takers: { readonly link: (socket: Socket) => void; readonly control?: (socket: Socket) => void },
  ): Promise<ChainPort> {
    const port = new ChainPort(takers);
    await new Promise<void>((resolve, reject) => {
      port.#server.once("error", reject);
      port.#server.listen({ port: where.port, ...(where.host !== undefined && { host: where.host }) }, resolve);
    });
    return port;
  }

  private constructor(takers: {
    readonly link: (socket: Socket) => void;
    readonly control?: (socket: Socket) => void;
  }) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => this.#sockets.delete(socket));
      const timer = setTimeout(() => socket.destroy(), firstByteWithinMs);
      socket.once("readable", () => {
        clearTimeout(timer);
        const first = socket.read() as Buffer | null;
        if (first === null) return;
        socket.unshift(first);
        const take = first[0] === tlsHandshake ? takers.control : takers.link;
        if (take) take(socket);
        else socket.destroy();
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
