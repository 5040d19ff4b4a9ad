import type { JobKind } from "../../../engine/job-kind.ts";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import { realPath } from "../../settings/real-path.ts";
import type { Change } from "../../../system/prepare/operation.ts";
import { assertNotBlocked, type PreparePlan } from "../../../system/prepare/plan.ts";
import { planPrepareOf, prepare, type PrepareOptions, type PrepareResult } from "../../prepare/prepare.ts";
import { choosePaths, type Paths } from "../../settings/settings.ts";
import { fromJson, toJson } from "../json.ts";
import { choicesOf, runAsJob, type JobOptions } from "../run-as-job.ts";

/** What a preparation's job keeps of how it was called; all paths absolute. */
interface PrepareParameters {
  readonly directory: string;
  readonly paths: Paths;
  readonly options: Omit<PrepareOptions, keyof JobOptions>;
}

/**
 * A preparation as a job of one checkpoint, which finishes itself when it runs again. What a file held before is kept nowhere, so
 * nothing is taken back from its first moment on.
 */
export const prepareKind: JobKind = {
  kind: "prepare",
  planVersion: 1,
  checkpoints({ parameters }) {
    const { directory, paths, options } = fromJson<PrepareParameters>(parameters);
    return [
      {
        name: "prepare",
        title: `Prepare ${directory}`,
        weight: 1,
        undo: "none",
        async run({ cursor, saveCursor, onProgress, signal }) {
          const all = { ...options, paths };
          // What a run that was killed had changed is not found again by looking.
          const before = fromJson<PreparePlan | null>(cursor);
          if (before === null) await saveCursor(toJson(withoutContents(await planPrepareOf(directory, all))));
          const result = await prepare(directory, { ...all, onProgress, signal });
          return toJson(before === null ? recordOf(result) : joinPlans(before, recordOf(result)));
        },
      },
    ];
  },
  insteadOfUndo: ({ id }) => `\`rehome job resume ${id}\` finishes it; restore the tree again to have it as it was.`,
};

/**
 * Prepares a tree as a job. The result says what was changed, not what was written: that may be secret.
 *
 * @throws {TreeUnsuitableError} If something that has to be done cannot be; there is no job then, and nothing is changed.
 * @throws {PrepareStepError} @throws {JobPausedError} @throws {JobCancelledError}
 */
export async function prepareAsJob(directory: string, given: PrepareOptions & JobOptions = {}): Promise<PrepareResult> {
  const { paths = choosePaths() } = given;
  const options = choicesOf(given);
  const plan = await planPrepareOf(directory, { ...options, paths });
  assertNotBlocked(plan);
  const parameters: PrepareParameters = { directory: realPath(plan.root), paths, options };
  const order = { title: `prepare ${plan.root}`, parameters: toJson(parameters), plan: null };
  const { result } = await runAsJob(prepareKind, order, { ...given, paths });
  return fromJson(result);
}

function recordOf({ plan, operations, durationMs }: PrepareResult): PrepareResult {
  const done = operations.map((operation) => ({ ...operation, done: operation.done.map(withoutContent) }));
  return { plan: withoutContents(plan), operations: done, durationMs };
}

function withoutContents(plan: PreparePlan): PreparePlan {
  const operations = plan.operations.map((each) => ({ ...each, changes: each.changes.map(withoutContent) }));
  return { ...plan, operations };
}

function withoutContent(change: Change): Change {
  return change.kind === "write" ? { ...change, content: "" as ByteString } : change;
}

/** What a run and the one before it that was killed did together. */
function joinPlans(before: PreparePlan, { operations, durationMs }: PrepareResult): PrepareResult {
  const done = before.operations
    .filter(({ state }) => state === "change")
    .map(({ name, changes }) => {
      const again = operations.find((operation) => operation.name === name);
      return { evidence: [], warnings: [], ...again, name, done: changes };
    });
  return { plan: before, operations: done, durationMs };
}
