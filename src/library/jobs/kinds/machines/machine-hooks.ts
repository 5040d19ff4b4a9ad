import { RehomeError } from "../../../../core/errors.ts";
import type { Checkpoint, CheckpointContext } from "../../../../engine/job-kind.ts";
import { runHooks } from "../../../../host/hooks.ts";
import type { MachineRecord } from "../../../../journeys/machine/states/machine-record.ts";
import type { MachineOperation } from "../../../../journeys/machine/states/machine-state.ts";
import { machinePlaces } from "../../../machines/places.ts";
import { readRecord, writeRecord } from "../../../machines/records.ts";
import type { Paths } from "../../../settings/settings.ts";
import { fromJson, toJson } from "../../json.ts";
import { restoreRecord } from "./machine-checkpoints.ts";

/** What hooks say by the status they end with; any other than 0 is a failure. */
const meanings: Readonly<Record<number, string>> = {
  253: "it was called wrongly",
  254: "it did nothing, and the machine is as it was",
  255: "the machine needs cleaning by hand",
};
const needsCleaning = 255;

/** A hook around an operation on a machine failed. */
export class MachineHookError extends RehomeError {
  override readonly name = "MachineHookError";
  readonly code = "HOOK_FAILED";
  readonly path: string;
  readonly exitCode: number;

  constructor(action: string, path: string, exitCode: number, why: string, output: string) {
    super(
      `cannot ${action}: the hook ${path} ${why}`,
      `See what it says${output === "" ? "" : ` (${JSON.stringify(output.slice(-500))})`}, then go on with the job or take it back.`,
    );
    this.path = path;
    this.exitCode = exitCode;
  }
}

/** The checkpoints that run the hooks before and after an operation; what a hook did rehome cannot take back, and says so in the log. */
export function machineHooks(
  paths: Paths,
  options: {
    readonly name: string;
    readonly operation: MachineOperation;
    /** What it is called once the operation is done, if not the same. */
    readonly nameAfter?: string;
    readonly before: MachineRecord | null;
    readonly known: MachineRecord;
    /** Told to the hooks, beside the machine's name and root. */
    readonly variables?: Readonly<Record<string, string>>;
  },
): { readonly before: Checkpoint; readonly after: Checkpoint } {
  const checkpoint = (when: "pre" | "post"): Checkpoint => ({
    name: `${when}-hooks`,
    title: `Run the hooks ${when === "pre" ? "before" : "after"} it`,
    weight: 1,
    undo: "removes",
    run: async (context) => {
      await run(paths, when, options, context);
      return null;
    },
    async takeBack() {
      // A hook that wants cleaning has had the machine marked; taking the job back says that it was cleaned.
      const record = readRecord(paths, options.name);
      if (when === "pre" && record?.mark === "incomplete" && record.uuid === options.known.uuid)
        restoreRecord(paths, options.name, options.before);
      await Promise.resolve();
    },
  });
  return { before: checkpoint("pre"), after: checkpoint("post") };
}

/** A hook has had the machine marked: what is on record again once the hooks pass. */
interface Marked {
  readonly record: MachineRecord | null;
}

/** @throws {MachineHookError} */
async function run(
  paths: Paths,
  when: "pre" | "post",
  {
    name: nameBefore,
    operation,
    known,
    nameAfter = nameBefore,
    variables: further,
  }: Parameters<typeof machineHooks>[1],
  { log, signal, cursor, saveCursor }: CheckpointContext,
): Promise<void> {
  const name = when === "pre" ? nameBefore : nameAfter;
  const variables = { ...further, REHOME_MACHINE: name, REHOME_ROOT: machinePlaces(paths, name).directory };
  const results = await runHooks(paths.hooksDirectory, `${when}-${operation}`, variables, signal);
  for (const { path, exitCode } of results) log(`hook ${path} ended with ${exitCode}`);
  const failed = results.find(({ exitCode, timedOut }) => exitCode !== 0 || timedOut);
  // What is on record now, unless an earlier run of this has marked it.
  const { record } = fromJson<Marked | null>(cursor) ?? { record: readRecord(paths, name) ?? null };
  if (failed === undefined) {
    if (cursor !== null && readRecord(paths, name)?.mark === "incomplete") restoreRecord(paths, name, record);
    return;
  }
  if (failed.exitCode === needsCleaning) {
    await saveCursor(toJson({ record } satisfies Marked));
    writeRecord(paths, { ...(record ?? { ...known, name }), mark: "incomplete" });
  }
  const why = failed.timedOut
    ? "did not end in time"
    : `ended with ${failed.exitCode}: ${meanings[failed.exitCode] ?? "it failed"}`;
  throw new MachineHookError(`${operation} ${name}`, failed.path, failed.exitCode, why, failed.output.trim());
}
