import { readFileSync } from "node:fs";
import { RehomeError } from "../../../core/errors.ts";
import { errnoNameOf } from "../../../host/system-call-error.ts";

/** The token of a session is not where it was said to be. */
export class SessionTokenMissingError extends RehomeError {
  override readonly name = "SessionTokenMissingError";
  readonly code = "SESSION_TOKEN_MISSING";
  readonly session: string;

  constructor(session: string, why: string, remedy: string, options?: ErrorOptions) {
    super(`cannot join session "${session}" without its token: ${why}`, remedy, options);
    this.session = session;
  }
}

/** The variable that holds the token where no file does. */
export const tokenVariable = "REHOME_SESSION_TOKEN";

/**
 * Reads the token of a session, which is a secret that nothing else keeps.
 *
 * @param tokenFile Undefined: it is in {@link tokenVariable}.
 * @throws {SessionTokenMissingError}
 */
export function readSessionToken(session: string, tokenFile: string | undefined): string {
  if (tokenFile === undefined) {
    const token = process.env[tokenVariable];
    if (token !== undefined) return token;
    throw new SessionTokenMissingError(
      session,
      `${tokenVariable} is not set`,
      `Set it to what \`rehome clone serve\` printed, also to resume a job; or join with --token-file FILE.`,
    );
  }
  try {
    return readFileSync(tokenFile, "utf8");
  } catch (error) {
    throw new SessionTokenMissingError(
      session,
      `"${tokenFile}" cannot be read (${errnoNameOf(error) ?? "unknown error"})`,
      "Put the token there, as `rehome clone serve` printed it.",
      { cause: error },
    );
  }
}
