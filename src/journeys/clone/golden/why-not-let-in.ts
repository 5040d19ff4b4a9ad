import type { NodeRecord } from "../chain/roster.ts";
import type { Message } from "../wire/messages.ts";

/** Why a node that has the token is not let in, by its name; undefined if it is. */
export function whyNotLetIn(
  { name, rejoins }: Message<"hello">,
  host: string,
  nodes: readonly NodeRecord[],
  only: readonly string[] | undefined,
): string | undefined {
  if (only?.includes(name) === false) return `node "${name}" is none of those that are served`;
  const namesake = nodes.find((node) => node.name === name && ["waiting", "running"].includes(node.state));
  const isOther = namesake !== undefined && namesake.number !== rejoins && namesake.host !== host;
  return isOther ? `a node "${name}" is there already, at ${namesake.host}` : undefined;
}
