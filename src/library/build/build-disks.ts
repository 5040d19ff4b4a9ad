import type { Disks } from "../../journeys/build/index.ts";
import type { JobKind } from "../../engine/job-kind.ts";
import type { JobRecord } from "../../engine/job.ts";
import { undoJob } from "../../engine/run/undo-job.ts";
import type { PlannedDiskBuild } from "../disk/plan-build.ts";
import { testDisk } from "../disk/test-disk.ts";
import { fromJson } from "../jobs/json.ts";
import type { Conversion } from "../../system/disk/convert/convert-disk.ts";
import { openEngine } from "../jobs/engine.ts";
import { buildDiskAsJob, diskBuildKind } from "../jobs/kinds/disk/build-job.ts";
import { convertAsJob, diskConvertKind } from "../jobs/kinds/disk/convert-job.ts";
import type { Paths } from "../settings/settings.ts";

/** Disks for builds: each is made by a job of its own, so that whatever a kill leaves is found and taken down. */
export function disksOf(paths: Paths): Disks {
  return {
    async build({ id, store }, output, { layout, size, firmware, uuidSeed, luksPassphraseFile, ...preparation }, work) {
      const built = await buildDiskAsJob(`@${id}`, {
        ...work,
        paths,
        store,
        outputs: [output],
        prepare: preparation,
        ...(layout !== undefined && { layout }),
        ...(size !== undefined && { sizes: [size] }),
        ...(firmware !== undefined && { firmware: firmware === "both" ? ["bios", "uefi"] : [firmware] }),
        ...(uuidSeed !== undefined && { uuidSeed }),
        ...(luksPassphraseFile !== undefined && { luksPassphraseFiles: [luksPassphraseFile] }),
      });
      return { format: built.disks[0]?.format ?? "", differenceCount: built.differenceCount };
    },
    convert: (disk, output, choices, work) => convertAsJob(disk, output, { ...choices, ...work, paths }),
    test: (disk, { timeoutMs, luksPassphraseFile, ...computer }, signal) =>
      testDisk(disk, {
        ...computer,
        ...(luksPassphraseFile !== undefined && { luksPassphraseFiles: [luksPassphraseFile] }),
        ...(timeoutMs !== undefined && { timeoutMs }),
        signal,
      }),
    async withdraw(output, sinceMs) {
      await using engine = openEngine(paths);
      const kinds = makers.map(({ kind }) => kind.kind);
      for (const { id, kind, createdAtMs, state } of await engine.journal.list({ kinds })) {
        const maker = makers.find((each) => each.kind.kind === kind);
        if (maker === undefined || createdAtMs < sinceMs || state === "undone") continue;
        const job = await engine.journal.read(id);
        if (job && maker.outputs(job).includes(output)) await undoJob(engine, maker.kind, job);
      }
    },
  };
}

const makers: readonly { readonly kind: JobKind; readonly outputs: (job: JobRecord) => readonly string[] }[] = [
  {
    kind: diskBuildKind,
    outputs: ({ plan }) => fromJson<PlannedDiskBuild>(plan).targets.map(({ path }) => path),
  },
  { kind: diskConvertKind, outputs: ({ plan }) => [fromJson<Conversion>(plan).to] },
];
