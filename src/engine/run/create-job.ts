import type { JobKind } from "../job-kind.ts";
import type { JobId, JobRecord, Json } from "../job.ts";
import type { EnginePorts } from "../ports.ts";
import { forgetOld } from "./forget-old.ts";

/** A job that is about to be made. */
export interface JobOrder {
  /** The operation in words: `capture / as "host"`. */
  readonly title: string;
  readonly parameters: Json;
  readonly plan: Json;
}

/**
 * Journals a new job as `queued`; it is durable on return and anybody may run it then.
 *
 * @param newId Gives random ids; asked again while the one it gave is taken.
 */
export async function createJob(
  ports: Pick<EnginePorts, "journal" | "clock" | "files" | "keepEndedMs">,
  kind: JobKind,
  order: JobOrder,
  newId: () => JobId,
): Promise<JobId> {
  const { journal, clock, files } = ports;
  await forgetOld(ports);
  for (;;) {
    const id = newId();
    const checkpoints = kind
      .checkpoints({ id, parameters: order.parameters, plan: order.plan } satisfies Pick<
        JobRecord,
        "id" | "parameters" | "plan"
      >)
      .map(({ name, title, weight, undo }) => ({ name, title, weight, undo }));
    const { kind: name, planVersion } = kind;
    const createdAtMs = clock.nowMs();
    if (!(await journal.add({ id, kind: name, planVersion, ...order, createdAtMs, checkpoints }))) continue;
    files.appendLog(id, order.title);
    return id;
  }
}
