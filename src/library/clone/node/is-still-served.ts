import { hostname } from "node:os";
import { GoldenNodeUnreachableError, SessionRefusedError } from "../../../journeys/clone/errors.ts";
import { seek } from "../../../journeys/clone/node/seek.ts";
import { soughtGolden, type JoinSessionOptions } from "./join-session.ts";

/**
 * Says whether a session is served with the image that this node has already: then the golden node is to hear of it, and others may
 * need it. It is asked once, and does not count who asks.
 *
 * @throws {InterruptedError}
 */
export async function isStillServed(options: JoinSessionOptions, image: string): Promise<boolean> {
  const { name = hostname(), signal } = options;
  const ignore = (): void => undefined;
  const seeker = { golden: soughtGolden(options), name, once: true, onLine: ignore, signal };
  try {
    const { welcome, connection } = await seek(seeker, 0, 0, { onMessage: ignore, onClosed: ignore });
    connection.close();
    // What is captured meanwhile has no id yet.
    return welcome.image === "" || welcome.image === image;
  } catch (error) {
    if (error instanceof GoldenNodeUnreachableError || error instanceof SessionRefusedError) return false;
    throw error;
  }
}
