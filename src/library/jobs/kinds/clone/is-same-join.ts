import type { JobRecord, Json } from "../../../../engine/job.ts";
import { fromJson } from "../../json.ts";
import { isEqual, type IsSameOrder } from "../../run-as-job.ts";
import type { RawCursor } from "./raw-of-job.ts";

/** What holds of every join's parameters. */
interface JoinParameters {
  readonly options: { readonly mayErase?: readonly string[]; readonly mayEraseAll?: boolean };
}

/**
 * Whether a join is gone on with. What has been erased needs no leave to be erased any more: whoever asks again for the same, and gives
 * none or another one, means the join that did it.
 */
export const isSameJoin: IsSameOrder = (job, { parameters }) =>
  isEqual(job.parameters, parameters) ||
  (hasErased(job) && isEqual(withoutLeave(job.parameters), withoutLeave(parameters)));

function hasErased({ checkpoints: [join] }: JobRecord): boolean {
  return (fromJson<Partial<RawCursor> | null>(join?.cursor ?? null)?.erased ?? []).length > 0;
}

function withoutLeave(parameters: Json): Json {
  const { options, ...rest } = fromJson<JoinParameters>(parameters);
  const { mayErase: _some, mayEraseAll: _all, ...choices } = options;
  return { ...rest, options: choices };
}
