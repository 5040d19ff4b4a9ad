import { resolve } from "node:path";
import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import type { CaptureWarning } from "../../../core/manifest/manifest.ts";
import { streamsOf } from "../../../core/manifest/trees.ts";
import {
  findSecrets,
  planCaptureOf,
  type CaptureOptions,
  type PlannedCapture,
} from "../../../library/capture/capture.ts";
import { captureAsJob } from "../../../library/jobs/kinds/images/capture-job.ts";
import { captureTarAsJob, planCaptureOfTar } from "../../../library/jobs/kinds/images/capture-tar-job.ts";
import type { JobOptions } from "../../../library/jobs/run-as-job.ts";
import type { CaptureResult } from "../../../system/capture/run.ts";
import type { CommandContext } from "../../command-context.ts";
import type { CaptureCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { countOf, formatBytes, formatDuration } from "../../render/quantities.ts";
import { formatLabel, labelOf } from "../image-label.ts";
import { describeSecrets } from "../secrets.ts";
import { describeStream } from "../streams.ts";
import { printWarnings } from "../warnings.ts";
import { describeCapturePlan } from "./describe-capture-plan.ts";
import { readPatternFile } from "./read-pattern-file.ts";

/** `rehome capture`. */
export async function runCapture(call: CaptureCall, context: CommandContext): Promise<ExitStatus> {
  const options = { ...context.store, ...captureOptions(call) };
  const source = sourceOf(call);
  if (call.dryRun) {
    const { plan } = await source.plan(options);
    // What is in an archive is known when it is extracted.
    const secrets = plan.redact && call.fromTar === undefined ? await Array.fromAsync(findSecrets(plan)) : [];
    if (context.common.json) context.output.document({ plan, ...(plan.redact && { secrets }) });
    else context.output.lines(describeCapturePlan(plan, secrets));
    return exitStatus.done;
  }
  const signal = context.interruptible("the capture");
  const result = await runWithProgress(source, { ...options, signal }, context);
  if (context.common.json) context.output.document({ job: context.job(), ...captureDocument(result) });
  else {
    context.output.lines(describeCapture(result));
    printCaptureWarnings(result, context);
  }
  return result.unreadable > 0 ? exitStatus.incomplete : exitStatus.done;
}

/** Where a capture takes a system from. */
interface Source {
  readonly plan: (options: CaptureOptions) => Promise<PlannedCapture>;
  readonly capture: (options: CaptureOptions & JobOptions) => Promise<CaptureResult>;
}

function sourceOf({ system, fromTar }: CaptureCall): Source {
  if (system !== undefined && fromTar === undefined)
    return {
      plan: (options) => planCaptureOf(system, options),
      capture: (options) => captureAsJob(system, options),
    };
  if (fromTar !== undefined && system === undefined)
    return {
      plan: (options) => planCaptureOfTar(fromTar, options),
      capture: (options) => captureTarAsJob(fromTar, options),
    };
  throw new UsageError(
    system === undefined
      ? "cannot capture: no SYSTEM is named"
      : `cannot capture "${system}": --from-tar names another source`,
    "Name one of them: `/`, a directory (with a `/` in it), machine:NAME, or --from-tar FILE.",
  );
}

async function runWithProgress(
  source: Source,
  options: CaptureOptions,
  context: CommandContext,
): Promise<CaptureResult> {
  using view = context.startProgress(entryNoun);
  return await source.capture({ ...options, onProgress: view.onProgress, onJob: context.onJob });
}

function captureOptions(call: CaptureCall): CaptureOptions {
  return {
    excludes: [...call.excludeFrom.flatMap(readPatternFile), ...call.exclude],
    defaultExcludes: !call.noDefaultExcludes,
    includeMounts: call.includeMount.map((path) => resolve(path)),
    oneFileSystem: call.oneFileSystem,
    redact: call.redact,
    add: call.add,
    raw: call.raw,
    rehash: call.rehash,
    idle: call.idle,
    ...(call.name !== undefined && { name: call.name }),
    ...(call.sign !== undefined && { sign: resolve(call.sign) }),
    ...(call.level !== undefined && { compressionLevel: call.level }),
    ...(call.rate !== undefined && { rateBytesPerSecond: call.rate }),
    ...(call.checkPackages !== undefined && { packageFiles: call.checkPackages }),
  };
}

function captureDocument({ name, manifest, unchangedFiles, durationMs }: CaptureResult): object {
  const { files, bytes, newBytes, storedBytes, consistency } = name;
  const { warnings, secrets, streams } = manifest.tail;
  return {
    ...labelOf(name),
    files,
    bytes,
    newBytes,
    storedBytes,
    unchangedFiles,
    durationMs,
    consistency,
    warnings,
    ...(streams && { streams: streams.list }),
    ...(secrets && { secrets: { contents: secrets.contents, count: secrets.count } }),
  };
}

function describeCapture({ name, manifest, unchangedFiles, durationMs }: CaptureResult): string[] {
  const { entries, files, bytes, newBytes, storedBytes, consistency } = name;
  const unchanged = unchangedFiles > 0 ? `, ${countOf(unchangedFiles, "file")} unchanged` : "";
  return [
    formatLabel(name),
    `${countOf(entries, "entry", "entries")}, ${countOf(files, "file")}, ${formatBytes(bytes)}${unchanged}`,
    ...streamsOf(manifest).map(describeStream),
    `${formatBytes(newBytes)} new, ${formatBytes(storedBytes)} stored, in ${formatDuration(durationMs)}`,
    `consistency ${consistency}${consistency === "fuzzy" ? ": captured live, files may show different moments" : ""}`,
    ...describeSecrets(manifest).map(
      (line) => `${line} (\`rehome show ${name.name}:${name.tag} --secrets\` lists them)`,
    ),
  ];
}

function printCaptureWarnings({ name, manifest }: CaptureResult, { messages }: CommandContext): void {
  const { warnings, warningCount } = manifest.tail;
  const leftOut = warnings.filter(({ kind }) => kind === "left-out");
  if (leftOut.length > 0 && messages.verbose === 0)
    messages.remark(`left out as planned: ${countOf(leftOut.length, "place")} (-v lists them)`);
  for (const warning of leftOut) messages.detail(formatWarning(warning));
  const real = warnings.filter(({ kind }) => kind !== "left-out");
  const count = warningCount - leftOut.length;
  printWarnings(messages, real.map(formatWarning), count, `\`rehome show ${name.name}:${name.tag}\` lists them`);
}

function formatWarning({ path, message }: CaptureWarning): string {
  return path === undefined ? message : `/${path}: ${message}`;
}
