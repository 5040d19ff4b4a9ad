import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { layoutOfDescs, layoutOfHost, layoutOfImage, readLayoutFile } from "../../../library/disk/layouts.ts";
import { planLayout, usageOfImage } from "../../../library/disk/plan-layout.ts";
import { writeDesc } from "../../../system/disk/desc/write-desc.ts";
import type { DiskLayout, Layout } from "../../../system/disk/layout/layout.ts";
import { describeLayout, writeLayout } from "../../../system/disk/layout/yaml/write-layout.ts";
import type { CommandContext } from "../../command-context.ts";
import type { DiskLayoutCall } from "../../definition/index.ts";
import { describePlan } from "./describe-disk-plan.ts";
import { firmwareOf } from "./firmware.ts";

/** `rehome disk layout`. */
export async function runDiskLayout(call: DiskLayoutCall, context: CommandContext): Promise<ExitStatus> {
  const { output, common } = context;
  const isPlanned = call.plan !== undefined || call.size.length > 0;
  if (isPlanned && call.format === "desc")
    throw new UsageError(
      "cannot print a plan as a desc file",
      "Leave out --plan and --size for the desc file, or --format for the plan.",
    );
  const layout = await findLayout(call, context);
  if (!isPlanned) {
    if (common.json) output.document({ layout: describeLayout(layout) });
    else output.lines(textOf(layout, call).trimEnd().split("\n"));
    return exitStatus.done;
  }
  const usage = call.image === undefined ? undefined : await usageOfImage(call.image, layout, context.store);
  const plan = planLayout(layout, {
    sizes: call.size,
    firmware: firmwareOf(call.firmware),
    ...(usage && { usage }),
  });
  if (common.json) output.document({ layout: describeLayout(layout), plan });
  else output.lines(describePlan(plan, output.width));
  return exitStatus.done;
}

async function findLayout(call: DiskLayoutCall, context: CommandContext): Promise<Layout> {
  const { image, fromHost, fromDesc, plan } = call;
  const sources = [fromHost, fromDesc.length > 0, plan !== undefined].filter(Boolean).length;
  if (sources > 1 || (fromHost && image !== undefined) || (sources === 0 && image === undefined))
    throw new UsageError(
      `cannot tell where the layout is to come from: ${sources === 0 ? "nothing is named" : "several are named"}`,
      "Give an IMAGE, --from-host, --from-desc FILE or --plan LAYOUT; an IMAGE goes with the last two as well.",
    );
  if (fromHost) return await layoutOfHost(context.interruptible("the look at the disks"));
  if (plan !== undefined) return readLayoutFile(plan);
  // A desc file has no lines for what firmware needs.
  const firmware = firmwareOf(call.firmware ?? (fromDesc.length > 0 ? undefined : "both"));
  const source = image === undefined ? undefined : await layoutOfImage(image, firmware, context.store);
  return fromDesc.length > 0 || source === undefined ? layoutOfDescs(fromDesc, source) : source;
}

function textOf(layout: Layout, { format, disk }: DiskLayoutCall): string {
  if (format !== "desc") return writeLayout(layout);
  return writeDesc(chooseDisk(layout, disk));
}

function chooseDisk({ disks }: Layout, name: string | undefined): DiskLayout {
  const found = name === undefined && disks.length === 1 ? disks[0] : disks.find((disk) => disk.name === name);
  if (found) return found;
  throw new UsageError(
    name === undefined
      ? `cannot write one desc file: there are ${disks.length} disks, and each needs one of its own`
      : `cannot write the disk "${name}": the layout has no such disk`,
    `Give --disk with one of ${disks.map((disk) => disk.name).join(", ")}.`,
  );
}
