import { resolve } from "node:path";
import { realPath } from "../../settings/real-path.ts";
import { whileCapturedAnew, type EndedJoin, type ReceivedTree } from "./join-session.ts";
import { joinTree, type JoinTreeOptions } from "./join-tree.ts";
import { SessionStay } from "./session-stay.ts";
import { doThen, type CloneThen } from "./settle-copy.ts";

/** How to join a session with a directory as target, and what to do then. */
export interface CloneJoinOptions extends JoinTreeOptions {
  /** What to do once the golden node lets this node go. Default: stay. */
  readonly afterwards?: CloneThen;
}

/** What a directory of a node got. */
export interface CloneJoinResult extends ReceivedTree, EndedJoin {
  readonly directory: string;
}

/**
 * Joins a session and writes its image into a directory that is absent or empty (or holds an older clone: `update`), while it comes in
 * and is passed on; all of it is read back, and made a system of its own if the golden node says so. Serves those behind it until the
 * golden node ends the session. The same call after a failure or kill goes on.
 *
 * @throws {SessionRefusedError} @throws {TargetUnsuitableError} @throws {TargetDiffersError} @throws {CopyNotPreparedError}
 * @throws {StreamNotFoundError} @throws {DeviceRefusedError}
 */
export async function cloneJoin(directory: string, options: CloneJoinOptions): Promise<CloneJoinResult> {
  const startedAtMs = Date.now();
  using stay = new SessionStay(options.onLine);
  const received = await whileCapturedAnew(options, () => joinTree(directory, options, stay));
  const target = realPath(resolve(directory));
  const { afterwards = { kind: "stay" }, signal } = options;
  const thenStatus = await doThen(afterwards, target, { log: (line) => stay.log(line), signal });
  return { ...received, thenStatus, directory: target, durationMs: Date.now() - startedAtMs };
}
