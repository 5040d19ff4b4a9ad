import { InterruptedError } from "../../../core/errors.ts";
import type { GoldenPlace } from "../discovery/messages.ts";
import { GoldenNodeUnreachableError, SessionRefusedError } from "../errors.ts";
import type { Message } from "../wire/messages.ts";
import { captureName } from "./growing-index.ts";
import { seek, type Seeker } from "./seek.ts";

/** What a golden node tells who only looks. */
export interface SeenSession {
  readonly place: GoldenPlace;
  readonly image: string;
  readonly disk: Message<"disk">;
}

/**
 * Seeks a golden node and hears how disks are to be divided; the session does not count who only looks.
 *
 * @throws {SessionRefusedError} Also where it has no layout. @throws {GoldenNodeUnreachableError} If it goes away meanwhile, or does not answer who tries once.
 * @throws {InterruptedError}
 */
export async function lookAtSession(seeker: Seeker): Promise<SeenSession> {
  const told = Promise.withResolvers<Message<"disk">>();
  const stop = (): void => told.reject(new InterruptedError("looking at the session"));
  const { place, welcome, connection } = await seek(seeker, 0, 0, {
    onMessage(message) {
      if (message.kind === "disk") told.resolve(message);
      if (message.kind === "refuse") told.reject(new SessionRefusedError(message.code, message.reason));
    },
    onClosed: () => told.reject(new GoldenNodeUnreachableError(seeker.golden.session, "it closed the connection")),
  });
  seeker.signal?.addEventListener("abort", stop);
  if (seeker.signal?.aborted === true) stop();
  try {
    const image = welcome.image || captureName(seeker.golden.session, welcome.sessionId);
    return { place, image, disk: await told.promise };
  } finally {
    seeker.signal?.removeEventListener("abort", stop);
    connection.close();
  }
}
