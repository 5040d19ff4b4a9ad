import { existsSync } from "node:fs";
import { SessionState } from "../../../journeys/clone/golden/session-state.ts";

/** Where the state of a session lies. */
export function sessionDirectory(stateDirectory: string, session: string): string {
  return `${stateDirectory}/clone/${session}`;
}

/** The file that is there as long as a session is not over. */
export function sessionStatePath(stateDirectory: string, session: string): string {
  return `${sessionDirectory(stateDirectory, session)}/session`;
}

/** Goes on with a session that was begun before, or begins one: of `image`, or of a system whose image is not known yet. */
export function openSessionState(
  stateDirectory: string,
  session: string,
  image?: string,
): { readonly state: SessionState; readonly resumed: boolean } {
  const path = sessionStatePath(stateDirectory, session);
  const resumed = existsSync(path);
  return { state: resumed ? SessionState.reopen(path) : SessionState.begin(path, session, image), resumed };
}
