import { setTimeout as wait } from "node:timers/promises";
import type { ControlConnection } from "../control/control-connection.ts";

const lookEveryMs = 50;

/**
 * Lets nodes go, in their order and `delayMs` apart; then waits until each has done what it does after that, and closed its connection.
 * One that is not heard of for `giveUpMs` is not waited for.
 */
export async function releaseNodes(
  connections: ReadonlyMap<number, ControlConnection>,
  order: readonly number[],
  delayMs: number,
  giveUpMs: number,
): Promise<void> {
  const others = [...connections.keys()].filter((number) => !order.includes(number));
  let isFirst = true;
  for (const number of [...order, ...others]) {
    const connection = connections.get(number);
    if (connection === undefined) continue;
    if (!isFirst) await wait(delayMs);
    isFirst = false;
    connection.send({ kind: "end" });
  }
  const isThere = (connection: ControlConnection): boolean => performance.now() - connection.heardAtMs < giveUpMs;
  while ([...connections.values()].some(isThere)) await wait(lookEveryMs);
}
