import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { planDiskBuild, type DiskBuildOptions, type PlannedDiskBuild } from "../../../library/disk/plan-build.ts";
import { keepMountsPrivate } from "../../../library/disk/private-mounts.ts";
import { buildDiskAsJob, type BuiltDisks } from "../../../library/jobs/kinds/disk/build-job.ts";
import type { CommandContext } from "../../command-context.ts";
import type { DiskBuildCall } from "../../definition/index.ts";
import { entryNoun } from "../../progress/progress-text.ts";
import { countOf, formatBytes } from "../../render/quantities.ts";
import { printWarnings } from "../warnings.ts";
import { describeBuild, pointOfNoReturnOf } from "./describe-build.ts";
import { firmwareOf } from "./firmware.ts";
import { machineOf } from "./machine-size.ts";

/** `rehome disk build`. */
export async function runDiskBuild(call: DiskBuildCall, context: CommandContext): Promise<ExitStatus> {
  if (call.fresh !== undefined && call.identity !== "reset")
    throw new UsageError("cannot use --fresh: it needs --identity reset", "A kept identity is not made anew.");
  if (!call.dryRun) keepMountsPrivate();
  const { output, common, messages } = context;
  const options = { ...context.store, ...optionsOf(call) };
  if (call.dryRun || call.device.length > 0) {
    const planned = await planDiskBuild(call.image, options);
    if (call.dryRun) {
      if (common.json) output.document(planDocument(planned));
      else output.lines(describeBuild(planned, output.width));
      return exitStatus.done;
    }
    messages.remark([...describeBuild(planned, messages.width), ...pointOfNoReturnOf(planned)].join("\n"));
  }
  const signal = context.interruptible("the build");
  const built = await (async () => {
    using view = context.startProgress(entryNoun);
    return await buildDiskAsJob(call.image, { ...options, signal, onJob: context.onJob, onProgress: view.onProgress });
  })();
  const warnings = built.prepared.flatMap((operation) => operation.warnings);
  if (common.json) output.document({ job: context.job(), ...builtDocument(built) });
  else {
    output.lines(describeBuilt(built));
    printWarnings(messages, warnings, warnings.length, "-v shows all");
    if (built.lossCount > 0)
      messages.warn(
        `${countOf(built.lossCount, "entry", "entries")} could not be given all they had; see the job's record`,
      );
  }
  return warnings.length > 0 || built.lossCount > 0 ? exitStatus.incomplete : exitStatus.done;
}

function optionsOf(call: DiskBuildCall): DiskBuildOptions {
  const names = (lists: readonly string[]): string[] =>
    lists.flatMap((list) => list.split(",")).filter((name) => name !== "");
  return {
    outputs: call.output,
    devices: call.device,
    mayErase: call.yesErase,
    ...(call.layout !== undefined && { layout: call.layout }),
    descs: call.desc,
    sizes: call.size,
    ...(call.firmware && { firmware: firmwareOf(call.firmware) }),
    ...(call.uuidSeed !== undefined && { uuidSeed: call.uuidSeed }),
    luksPassphraseFiles: call.luksPassphraseFile,
    prepare: {
      identity: call.identity ?? "keep",
      fresh: call.fresh ?? "now",
      ...(call.hostname !== undefined && { hostname: call.hostname }),
      mapNic: call.mapNic,
      only: names(call.only),
      skip: names(call.skip),
    },
    ...(call.for && { hypervisor: call.for }),
    machine: machineOf(call),
  };
}

function planDocument({ image, plan, targets, firmware, operations }: PlannedDiskBuild): object {
  const { image: id, name, tag } = image;
  return { id, name, tag, plan, targets, firmware, operations };
}

function builtDocument({ disks, devices, prepared, differences, differenceCount, lossCount }: BuiltDisks): object {
  const files = disks.map(({ modifiedAtMs: _modified, ...disk }) => disk);
  return { disks: files, devices, prepared, differences, differenceCount, lossCount };
}

function describeBuilt({ disks, devices, prepared, differenceCount }: BuiltDisks): string[] {
  return [
    ...disks.map(
      ({ path, format, allocatedBytes }) => `${path} is built: ${format}, ${formatBytes(allocatedBytes)} on disk`,
    ),
    ...devices.map(({ path }) => `${path} holds the system`),
    ...prepared.map(
      ({ name, changes, evidence }) => `${name}: ${[countOf(changes.length, "change"), ...evidence].join(", ")}`,
    ),
    `read back and equal to the image, but for ${countOf(differenceCount, "entry", "entries")} that these changed`,
  ];
}
