import { resolve } from "node:path";
import type { CheckpointContext } from "../../../../engine/job-kind.ts";
import { directoryHolding } from "../../../../host/jobs/holdings.ts";
import { parseToken } from "../../../../journeys/clone/wire/token.ts";
import type { JoinSessionOptions } from "../../../clone/node/join-session.ts";
import { SessionStay } from "../../../clone/node/session-stay.ts";
import { readSessionToken } from "../../../clone/node/session-token.ts";
import type { Paths } from "../../../settings/settings.ts";
import type { JobOptions } from "../../run-as-job.ts";

/** How to join a session as a job, which keeps no token but where it is. */
export interface SessionByToken
  extends Omit<JoinSessionOptions, "token" | "onLine" | "workDirectory" | keyof JobOptions>, JobOptions {
  /** The file with the token; by default it is in the variable REHOME_SESSION_TOKEN. */
  readonly tokenFile?: string;
}

/** What a job keeps of that. */
export type KeptSession = Omit<SessionByToken, keyof JobOptions>;

/** Who watches a join of this process. */
export interface JoinWatcher {
  /** For people: what happens, in one line each. */
  readonly onLine?: (line: string) => void;
}

/** Looks whether the token of a session is there, and says how a job finds it again. @throws {SessionTokenMissingError} @throws {UsageError} */
export function keepToken({ session, tokenFile }: KeptSession): Pick<KeptSession, "tokenFile"> {
  parseToken(readSessionToken(session, tokenFile));
  return tokenFile === undefined ? {} : { tokenFile: resolve(tokenFile) };
}

/** The session of a join's job: its checkpoint is in it until the golden node lets this node go, and those to come are in it still. */
export class SessionOfJob {
  readonly #kept: KeptSession;
  readonly #paths: Paths;
  readonly #watcher: JoinWatcher;
  #stay: SessionStay | undefined;

  constructor(kept: KeptSession, paths: Paths, watcher: JoinWatcher) {
    this.#kept = kept;
    this.#paths = paths;
    this.#watcher = watcher;
  }

  /** What is needed to join it, in this run of the job. @throws {SessionTokenMissingError} */
  async begin(context: CheckpointContext): Promise<JoinSessionOptions> {
    const { tokenFile, ...kept } = this.#kept;
    const workDirectory = `${context.directory}/node`;
    const holding = directoryHolding(workDirectory);
    const token = readSessionToken(kept.session, tokenFile);
    await context.hold(holding);
    context.keep({ [Symbol.asyncDispose]: () => context.release(holding) });
    const { onProgress, signal } = context;
    const onLine = (line: string): void => this.#tell(line, context);
    return { ...kept, token, paths: this.#paths, workDirectory, onLine, onProgress, signal };
  }

  /** The place in it; once it was left, or where an earlier run was in it, just who watches. */
  stayIn(context: CheckpointContext): SessionStay {
    const stay = (this.#stay ??= new SessionStay((line) => this.#tell(line, context)));
    context.keep({ [Symbol.asyncDispose]: () => Promise.resolve(stay[Symbol.dispose]()) });
    return stay;
  }

  #tell(line: string, { log }: CheckpointContext): void {
    log(line);
    this.#watcher.onLine?.(line);
  }
}
