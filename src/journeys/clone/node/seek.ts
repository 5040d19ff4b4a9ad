import { throwIfInterrupted } from "../../../core/errors.ts";
import { joinSession, type WelcomedConnection } from "../control/control-client.ts";
import { findGolden } from "../discovery/find-golden.ts";
import type { GoldenPlace, SoughtSession } from "../discovery/messages.ts";
import { GoldenNodeUnreachableError } from "../errors.ts";
import { protocolVersion, type Message } from "../wire/messages.ts";
import { SeekPause } from "./seek-pause.ts";

/** The session that is sought, and where: undefined to ask for it on the local net, anew each time. */
export interface SoughtGolden extends SoughtSession {
  readonly place: GoldenPlace | undefined;
}

/** Who seeks. */
export interface Seeker {
  readonly golden: SoughtGolden;
  readonly name: string;
  /** It is tried once only. */
  readonly once?: boolean;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** A golden node that was found, and let this node in. */
export interface FoundGolden extends WelcomedConnection {
  readonly place: GoldenPlace;
}

/**
 * Tries until a golden node lets this node in.
 *
 * @param port Where it listens; 0 for one that only looks.
 * @throws {SessionRefusedError} @throws {InterruptedError} @throws {GoldenNodeUnreachableError} If it is tried once only.
 */
export async function seek(
  { golden, name, once = false, onLine, signal }: Seeker,
  port: number,
  rejoins: number,
  { onMessage, onClosed }: { readonly onMessage: (message: Message) => void; readonly onClosed: () => void },
): Promise<FoundGolden> {
  const pause = new SeekPause();
  for (;;) {
    throwIfInterrupted(signal, "joining the session");
    try {
      return await tryPlaces(golden, signal, (place) =>
        joinSession(
          { ...golden, ...place, signal },
          { version: protocolVersion, name, port, rejoins },
          onMessage,
          onClosed,
        ),
      );
    } catch (error) {
      throwIfInterrupted(signal, "joining the session");
      if (!(error instanceof GoldenNodeUnreachableError) || once) throw error;
      const { waitMs, isHopeless } = pause.next();
      if (isHopeless) onLine(`Can't reach a valid KA server: ${error.message}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
      });
    }
  }
}

async function tryPlaces(
  golden: SoughtGolden,
  signal: AbortSignal | undefined,
  join: (place: GoldenPlace) => Promise<WelcomedConnection>,
): Promise<FoundGolden> {
  const places = golden.place === undefined ? await findGolden(golden, signal) : [golden.place];
  let last = new GoldenNodeUnreachableError("the local net", `nobody there answers for "${golden.session}"`);
  for (const place of places) {
    try {
      return { ...(await join(place)), place };
    } catch (error) {
      if (!(error instanceof GoldenNodeUnreachableError)) throw error;
      last = error;
    }
  }
  throw last;
}
