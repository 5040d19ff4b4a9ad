import { throwIfInterrupted } from "../../../core/errors.ts";
import { joinSession, type GoldenAddress, type WelcomedConnection } from "../control/control-client.ts";
import { GoldenNodeUnreachableError } from "../errors.ts";
import type { Message } from "../wire/messages.ts";

/** Who seeks. */
export interface Seeker {
  readonly address: GoldenAddress;
  readonly name: string;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** Tries until a golden node lets this node in. @throws {SessionRefusedError} @throws {InterruptedError} */
export async function seek(
  { address, name, onLine, signal }: Seeker,
  port: number,
  rejoins: number,
  { onMessage, onClosed }: { readonly onMessage: (message: Message) => void; readonly onClosed: () => void },
): Promise<WelcomedConnection> {
  const pause = new SeekPause();
  for (;;) {
    throwIfInterrupted(signal, "joining the session");
    try {
      return await joinSession(address, { name, port, rejoins }, onMessage, onClosed);
    } catch (error) {
      if (!(error instanceof GoldenNodeUnreachableError)) throw error;
      const { waitMs, isHopeless } = pause.next();
      if (isHopeless) onLine(`Can't reach a valid KA server: ${error.message}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
      });
    }
  }
}

const tries = 5;
const firstMs = 1000;
const longestMs = 30_000;

/** How long a node waits before it tries again to reach its golden node: five times one second, then longer and longer. */
class SeekPause {
  #failures = 0;

  /** After a failure. `isHopeless`: people should be told. */
  next(): { readonly waitMs: number; readonly isHopeless: boolean } {
    this.#failures += 1;
    const grown = firstMs * 2 ** Math.min(10, Math.max(0, this.#failures - tries));
    return { waitMs: Math.min(longestMs, grown), isHopeless: this.#failures >= tries };
  }
}
