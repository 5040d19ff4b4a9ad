import { linuxTreeReader } from "../../../host/tree/linux-tree-reader.ts";
import { SessionRefusedError } from "../../../journeys/clone/errors.ts";
import { WrittenFiles } from "../../../journeys/clone/node/written-files.ts";
import { joinSession, type JoinSessionOptions, type ReceivedFacts } from "./join-session.ts";
import type { SessionStay } from "./session-stay.ts";

/**
 * Joins a session whose image a directory holds already, verified: tells the golden node so, and serves those behind from its files until
 * the session ends. Writes nothing.
 *
 * @throws {SessionRefusedError} If it has another image by now. @throws {InterruptedError}
 */
export async function joinWithTree(
  directory: string,
  { image }: Pick<ReceivedFacts, "image">,
  options: JoinSessionOptions,
  stay: SessionStay,
): Promise<void> {
  let files: WrittenFiles | undefined;
  await joinSession(
    options,
    {
      takes: () => ({ isFresh: false, hasTree: true }),
      fromFiles: (frame) => Promise.resolve(files?.frame(frame)),
      receive: async (session, arriving, index) => {
        files = new WrittenFiles(linuxTreeReader(), index, directory);
        const whole = await arriving.whole;
        if (whole.image !== image) throw new SessionRefusedError("session", "it has another image by now");
        session.log(`verified ${directory} before`);
      },
    },
    stay,
  );
}
