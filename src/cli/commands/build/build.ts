import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { openBuild, type Build, type ListedCheckpoint } from "../../../library/build/build.ts";
import type { BuildOutcome } from "../../../library/build/run-build.ts";
import type { CommandContext } from "../../command-context.ts";
import type { BuildCall } from "../../definition/index.ts";
import { stepNoun } from "../../progress/progress-text.ts";
import { countOf, formatBytes } from "../../render/quantities.ts";
import { formatTable, type Column } from "../../render/table.ts";

/** `rehome build`. */
export async function runBuildCommand(call: BuildCall, context: CommandContext): Promise<ExitStatus> {
  const build = await openBuild(call.manifest, {
    ...context.store,
    set: call.set,
    ...(call.work !== undefined && { work: call.work }),
  });
  if (call.clean) return await clean(build, call.dryRun, context);
  if (call.list) return await list(build, context);
  if (call.dryRun) return await showPlan(build, call, context);
  return await run(build, call, context);
}

async function clean(build: Build, isDryRun: boolean, { common, output }: CommandContext): Promise<ExitStatus> {
  const freedBytes = await build.stateBytes();
  if (!isDryRun) await build.clean();
  const { directory } = build;
  if (common.json) output.document({ directory, freedBytes, removed: !isDryRun });
  else output.line(`${isDryRun ? "would remove" : "removed"} ${formatBytes(freedBytes)} of states in ${directory}`);
  return exitStatus.done;
}

async function list(build: Build, { common, output, messages }: CommandContext): Promise<ExitStatus> {
  const checkpoints = await build.list();
  const stateBytes = await build.stateBytes();
  const { directory } = build;
  if (common.json) output.document({ directory, stateBytes, checkpoints: checkpoints.map(checkpointDocument) });
  else {
    output.lines(formatTable(columns, checkpoints, output.width));
    for (const { name, resumable } of checkpoints)
      if (!resumable.canResume) messages.detail(`${name}: ${resumable.why}`);
    messages.remark(`${formatBytes(stateBytes)} of states in ${directory}`);
  }
  return exitStatus.done;
}

const columns: readonly Column<ListedCheckpoint>[] = [
  { title: "Checkpoint", cell: ({ name }) => name },
  { title: "Resumable", cell: ({ resumable }) => (resumable.canResume ? "X" : "") },
  { title: "Description", cell: ({ description }) => description, cuttable: true },
];

function checkpointDocument({ name, uses, description, resumable, steps }: ListedCheckpoint): object {
  return {
    name,
    uses,
    description,
    resumable: resumable.canResume,
    ...(!resumable.canResume && { why: resumable.why }),
    steps,
  };
}

async function showPlan(build: Build, call: BuildCall, { common, output }: CommandContext): Promise<ExitStatus> {
  const planned = await build.plan({
    ...(call.resume !== undefined && { resumeAt: call.resume }),
    ...(call.pauseBefore !== undefined && { pauseBefore: call.pauseBefore }),
  });
  const { directory } = build;
  if (common.json) output.document({ directory, checkpoints: planned.map(checkpointDocument) });
  else {
    output.line(`would run ${countOf(planned.length, "checkpoint")} in ${directory}`);
    for (const { name, description, steps } of planned) {
      output.line(`${name}: ${description}`);
      output.lines(steps.flatMap((step) => step.split("\n").map((line) => `    ${line}`)));
    }
  }
  return exitStatus.done;
}

async function run(build: Build, call: BuildCall, context: CommandContext): Promise<ExitStatus> {
  const outcome = await runWithProgress(build, call, context);
  // What keeps a build from its end is told where all failures are.
  if (outcome.error !== undefined) throw outcome.error;
  if (context.common.json) context.output.document(outcomeDocument(build, outcome));
  else {
    const count = outcome.job?.checkpoints.length ?? 0;
    context.output.line(`built ${build.manifest.name}: ${countOf(count, "checkpoint")}, in ${build.directory}`);
  }
  return exitStatus.done;
}

async function runWithProgress(build: Build, call: BuildCall, context: CommandContext): Promise<BuildOutcome> {
  const signal = context.interruptible("the build");
  using view = context.startProgress(stepNoun);
  return await build.run({
    ...(call.resume !== undefined && { resumeAt: call.resume }),
    ...(call.pauseBefore !== undefined && { pauseBefore: call.pauseBefore }),
    signal,
    onProgress: view.onProgress,
    onJob: context.onJob,
  });
}

function outcomeDocument({ manifest, directory }: Build, { status, job }: BuildOutcome): object {
  return {
    status,
    name: manifest.name,
    directory,
    ...(job && { job: job.id }),
    checkpoints: (job?.checkpoints ?? []).map(({ name, state, result, startedAtMs, endedAtMs }) => ({
      name,
      state,
      ...(result !== null && { data: result }),
      durationMs: startedAtMs === null || endedAtMs === null ? 0 : endedAtMs - startedAtMs,
    })),
  };
}
