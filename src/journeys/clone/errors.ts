import { RehomeError } from "../../core/errors.ts";

/** No golden node answers for a session, or the one that does cannot show that it is the right one. */
export class GoldenNodeUnreachableError extends RehomeError {
  override readonly name = "GoldenNodeUnreachableError";
  readonly code = "GOLDEN_UNREACHABLE";
  readonly address: string;

  constructor(address: string, why: string) {
    super(
      `cannot join the session at ${address}: ${why}`,
      "Check that `rehome clone serve` runs there for this session, and that the token is the one it printed.",
    );
    this.address = address;
  }
}

/** The golden node does not let this node in. `reasonCode`: `version`, `session`, `name` or `protocol`; `ended`; `anew`: join again. */
export class SessionRefusedError extends RehomeError {
  override readonly name = "SessionRefusedError";
  readonly code = "SESSION_REFUSED";
  readonly reasonCode: string;

  constructor(reasonCode: string, reason: string) {
    super(
      `cannot join the session: ${reason}`,
      "Use the same version of rehome, and the session's own name, at both ends.",
    );
    this.reasonCode = reasonCode;
  }
}

/** A session of that name was begun with another image or a system, and is not ended. `image` is empty of one whose capture has not ended. */
export class SessionExistsError extends RehomeError {
  override readonly name = "SessionExistsError";
  readonly code = "SESSION_EXISTS";
  readonly session: string;

  constructor(session: string, image: string) {
    super(
      `cannot serve session "${session}": it was begun with ${image === "" ? "a system" : `image @${image.slice(0, 12)}`} and is not ended`,
      "Serve that to go on, or choose another name for the session.",
    );
    this.session = session;
  }
}

/** No such session is served on this host, or it cannot do what was asked. */
export class SessionNotFoundError extends RehomeError {
  override readonly name = "SessionNotFoundError";
  readonly code = "SESSION_NOT_FOUND";
  readonly session: string;

  constructor(session: string, why: string) {
    super(
      `cannot reach session "${session}": ${why}`,
      "Look at the names of sessions and nodes where `rehome clone serve` runs.",
    );
    this.session = session;
  }
}
