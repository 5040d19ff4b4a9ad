import { rawPublicKey } from "../../../image/signatures/ed25519.ts";
import type { ControlConnection } from "../control/control-connection.ts";
import type { Message } from "../wire/messages.ts";
import { exporterLabel, signSubject, welcomeSubject } from "../wire/signed.ts";
import type { GoldenParts } from "./golden-parts.ts";

/** What a node is told that is let in, over a connection that this signs; its number is 0 if it only looks. */
export function welcomeMessage(
  { state, frames }: Pick<GoldenParts, "state" | "frames">,
  { version, number }: { readonly version: number; readonly number: number },
  connection: ControlConnection,
): Message<"welcome"> {
  const { isGrowing, firstBlock, bound } = frames.planned;
  return {
    kind: "welcome",
    version,
    number,
    sessionId: state.sessionId,
    sessionKey: state.sessionKey,
    goldenKey: rawPublicKey(state.publicKey),
    signature: signSubject(welcomeSubject(connection.exported(exporterLabel)), state.signingKey),
    image: isGrowing ? "" : state.image,
    indexFrames: firstBlock,
    frames: bound,
  };
}
