import { crashPoint } from "../../../../core/crash-points.ts";
import type { Checkpoint } from "../../../../engine/job-kind.ts";
import type { Json } from "../../../../engine/job.ts";
import { bootId } from "../../../../host/process-probe.ts";
import { doThen, type CloneThen } from "../../../clone/node/settle-copy.ts";
import { fromJson, toJson } from "../../json.ts";
import type { SessionOfJob } from "./session-of-job.ts";

interface ThenCursor {
  /** The start of the kernel under which it was begun. */
  readonly begunIn: string;
}

/** What came of what was done at the end. */
export interface DoneThen {
  readonly thenStatus: number;
}

/**
 * What is done once the golden node has let a node go; nothing where it stays. A kill may have hit a command half-way, so it runs again; but
 * once the computer was started anew, which it may have been for, it counts as done: nobody reboots in a circle.
 *
 * @param targetOf Reads where the copy is from the results of the checkpoints before.
 */
export function thenCheckpoints(
  afterwards: CloneThen | undefined,
  session: SessionOfJob,
  targetOf: (results: ReadonlyMap<string, Json>) => string,
): readonly Checkpoint[] {
  if (afterwards === undefined || afterwards.kind === "stay") return [];
  return [
    {
      name: "then",
      title: afterwards.kind === "reboot" ? "Reboot" : `Run ${afterwards.line}`,
      weight: 1,
      undo: "none",
      async run(context) {
        const { cursor, saveCursor, results, signal } = context;
        const stay = session.stayIn(context);
        const log = (line: string): void => stay.log(line);
        const begun = fromJson<ThenCursor | null>(cursor);
        if (begun !== null && begun.begunIn !== bootId()) {
          log("then: this computer was started anew since it was begun; it is not done again");
          return toJson({ thenStatus: 0 } satisfies DoneThen);
        }
        await saveCursor(toJson({ begunIn: bootId() } satisfies ThenCursor));
        crashPoint("clone.then-begun");
        return toJson({ thenStatus: await doThen(afterwards, targetOf(results), { log, signal }) } satisfies DoneThen);
      },
    },
  ];
}

/** The status of what was done at the end; 0 where nothing was. */
export function thenStatusOf(checkpoints: readonly { readonly name: string; readonly result: Json }[]): number {
  const done = checkpoints.find(({ name }) => name === "then");
  return fromJson<DoneThen | null>(done?.result ?? null)?.thenStatus ?? 0;
}
