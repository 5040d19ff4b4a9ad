import type { Coordinator } from "../chain/coordinator.ts";
import { protocolVersion, type Message } from "../wire/messages.ts";

/** What a session is to who wants to join. */
export interface Admission {
  readonly chain: Pick<Coordinator, "nodes" | "isOver">;
  /** Names of the only nodes that may join. */
  readonly only: readonly string[] | undefined;
  /** Its system is captured meanwhile. */
  readonly isGrowing: boolean;
}

/** Why a node that has the token is not let in, by its version or name; undefined if it is. */
export function whyNotLetIn(
  { name, rejoins, version }: Message<"hello">,
  host: string,
  { chain, only, isGrowing }: Admission,
): Message<"refuse"> | undefined {
  const refuse = (code: string, reason: string): Message<"refuse"> => ({ kind: "refuse", code, reason });
  // Who comes back has to hear of the end.
  if (chain.isOver && rejoins === 0) return refuse("session", "it has ended");
  if (isGrowing && version < protocolVersion)
    return refuse(
      "version",
      `version ${version} of the chain protocol is asked for, and a system that is captured meanwhile needs ${protocolVersion}`,
    );
  if (only?.includes(name) === false) return refuse("name", `node "${name}" is none of those that are served`);
  const namesake = chain.nodes.find((node) => node.name === name && ["waiting", "running"].includes(node.state));
  const isOther = namesake !== undefined && namesake.number !== rejoins && namesake.host !== host;
  return isOther ? refuse("name", `a node "${name}" is there already, at ${namesake.host}`) : undefined;
}
