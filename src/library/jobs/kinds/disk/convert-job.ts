import { resolve } from "node:path";
import type { JobKind } from "../../../../engine/job-kind.ts";
import { diskPorts } from "../../../../host/disk/disk-ports.ts";
import { convertDisk, type Conversion } from "../../../../system/disk/convert/convert-disk.ts";
import type { Hypervisor } from "../../../../system/disk/convert/disk-format.ts";
import type { Firmware } from "../../../../system/disk/plan/layout-check.ts";
import { planConversion } from "../../../disk/plan-conversion.ts";
import type { MachineSize } from "../../../disk/plan-build.ts";
import { choosePaths } from "../../../settings/settings.ts";
import { fromJson, toJson } from "../../json.ts";
import { runAsJob, type JobOptions } from "../../run-as-job.ts";
import { claimNames, lookAtDisk, removeClaimed, type WrittenDisk } from "./written-disk.ts";

/** How to convert. Everything has a default. */
export interface ConvertOptions extends JobOptions {
  readonly hypervisor?: Hypervisor;
  readonly machine?: MachineSize;
  readonly firmware?: Firmware;
}

/** A conversion of a disk image as a job of one checkpoint. */
export const diskConvertKind: JobKind = {
  kind: "disk-convert",
  planVersion: 1,
  checkpoints({ plan }) {
    const conversion = fromJson<Conversion>(plan);
    const { to, toFormat } = conversion;
    return [
      {
        name: "convert",
        title: `Write ${to}`,
        weight: 1,
        undo: "removes",
        async run(context) {
          await claimNames([to], context);
          await convertDisk(conversion, diskPorts, context.signal);
          return toJson(lookAtDisk(to, toFormat));
        },
        takeBack(context) {
          const written = fromJson<WrittenDisk | null>(context.results.get("convert") ?? null);
          removeClaimed([to], written === null ? [] : [written], context);
          return Promise.resolve();
        },
      },
    ];
  },
  insteadOfUndo: ({ plan }) => `Remove ${fromJson<Conversion>(plan).to}.`,
};

/**
 * Converts a disk image as a job. What it is read from stays as it is.
 *
 * @throws {DiskImageUnsuitableError} @throws {TargetUnsuitableError} If `to` is there. @throws {UsageError}
 * @throws {JobPausedError} @throws {JobCancelledError}
 */
export async function convertAsJob(from: string, to: string, options: ConvertOptions = {}): Promise<WrittenDisk> {
  const { paths = choosePaths(), signal: _signal, ...choices } = options;
  const plan = await planConversion(resolve(from), resolve(to), choices);
  const order = { title: `convert ${plan.from} to ${plan.to}`, parameters: null, plan: toJson(plan) };
  const { result } = await runAsJob(diskConvertKind, order, { ...options, paths });
  return fromJson(result);
}
