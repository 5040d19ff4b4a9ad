import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { prepareAsJob } from "../../../library/jobs/kinds/prepare-job.ts";
import { planPrepareOf, type PrepareOptions, type PrepareResult } from "../../../library/prepare/prepare.ts";
import { PrepareStepError } from "../../../system/prepare/errors.ts";
import type { Change } from "../../../system/prepare/operation.ts";
import type { CommandContext } from "../../command-context.ts";
import type { PrepareCall } from "../../definition/index.ts";
import { countOf, formatDuration } from "../../render/quantities.ts";
import { printWarnings } from "../warnings.ts";
import { changeDocument, describeChanges, describeOperations } from "./describe-preparation.ts";

const operationNoun = { one: "operation", many: "operations" };

/** `rehome prepare`. */
export async function runPrepare(call: PrepareCall, context: CommandContext): Promise<ExitStatus> {
  if (call.fresh !== undefined && call.identity !== "reset")
    throw new UsageError("cannot use --fresh: it needs --identity reset", "A kept identity is not made anew.");
  const options: PrepareOptions = {
    identity: call.identity ?? "keep",
    fresh: call.fresh ?? "now",
    ...(call.hostname !== undefined && { hostname: call.hostname }),
    mapNic: call.mapNic,
    bootEntry: call.bootEntry,
    bootModules: call.with,
    only: call.only.flatMap(namesIn),
    skip: call.skip.flatMap(namesIn),
    signal: context.interruptible("the preparation"),
  };
  return call.dryRun ? await showPlan(call, options, context) : await run(call, options, context);
}

function namesIn(list: string): string[] {
  return list.split(",").filter((name) => name !== "");
}

async function showPlan(call: PrepareCall, options: PrepareOptions, context: CommandContext): Promise<ExitStatus> {
  const { root, identity, operations } = await planPrepareOf(call.directory, options);
  const isBlocked = operations.some(({ state }) => state === "blocked");
  if (context.common.json)
    context.output.document({
      directory: root,
      identity,
      operations: operations.map(({ changes, ...rest }) => ({ ...rest, changes: changes.map(changeDocument) })),
    });
  else {
    context.output.lines(describeOperations(operations, context.output.width));
    for (const { name, changes, remarks } of operations)
      context.output.lines([...describeChanges(name, changes), ...remarks.map((remark) => `${name}: note: ${remark}`)]);
    warn(
      operations.flatMap(({ warnings }) => warnings),
      context,
    );
  }
  return isBlocked ? exitStatus.refused : exitStatus.done;
}

async function run(call: PrepareCall, options: PrepareOptions, context: CommandContext): Promise<ExitStatus> {
  const result = await runWithProgress(call, options, context);
  const warnings = warningsOf(result);
  if (context.common.json) context.output.document({ job: context.job(), ...resultDocument(result) });
  else {
    const { plan, operations, durationMs } = result;
    const changes = operations.flatMap(({ done }) => done);
    context.output.line(
      `${plan.root} is prepared, identity ${plan.identity}: ${countOf(changes.length, "change")} in ${formatDuration(durationMs)}`,
    );
    for (const { name, done, evidence } of operations) {
      context.output.line(`${name}: ${[countOf(done.length, "change"), ...evidence].join(", ")}`);
      if (context.messages.verbose > 0) context.output.lines(describeChanges(name, done));
    }
    for (const { name, remarks } of plan.operations)
      for (const remark of remarks) context.messages.remark(`${name}: ${remark}`);
    warn(warnings, context);
  }
  return warnings.length > 0 ? exitStatus.incomplete : exitStatus.done;
}

async function runWithProgress(
  call: PrepareCall,
  options: PrepareOptions,
  context: CommandContext,
): Promise<PrepareResult> {
  using view = context.startProgress(operationNoun);
  try {
    return await prepareAsJob(call.directory, { ...options, onJob: context.onJob, onProgress: view.onProgress });
  } catch (error) {
    if (error instanceof PrepareStepError && context.messages.verbose > 0)
      context.messages.warn(error.output.trimEnd());
    throw error;
  }
}

/** What stays as it was: found while looking, in operations without changes too, and while changing. */
function warningsOf({ plan, operations }: PrepareResult): string[] {
  const done = operations.flatMap(({ warnings }) => warnings);
  return [...new Set([...plan.operations.flatMap(({ warnings }) => warnings), ...done])];
}

function warn(lines: readonly string[], { messages }: CommandContext): void {
  printWarnings(messages, lines, lines.length, "-v shows all");
}

function resultDocument(result: PrepareResult): object {
  const { plan, operations, durationMs } = result;
  return {
    directory: plan.root,
    identity: plan.identity,
    operations: plan.operations.map(({ name, state, why, remarks }) => {
      const found = operations.find((operation) => operation.name === name);
      return {
        name,
        state: state === "change" ? "done" : state,
        ...(why !== undefined && { why }),
        changes: (found?.done ?? ([] as readonly Change[])).map(changeDocument),
        evidence: found?.evidence ?? [],
        remarks,
      };
    }),
    warnings: warningsOf(result),
    durationMs,
  };
}
