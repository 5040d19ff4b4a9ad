import { existsSync, statSync } from "node:fs";
import { UndoRefusedError } from "../../../../engine/errors.ts";
import type { CheckpointContext } from "../../../../engine/job-kind.ts";
import { diskPorts } from "../../../../host/disk/disk-ports.ts";
import type { DiskFormat } from "../../../../system/disk/convert/disk-format.ts";
import { undoConversion } from "../../../../system/disk/convert/convert-disk.ts";
import { assertAbsent } from "../../../disk/disk-target.ts";

/** A file with a disk in it, as a job left it. */
export interface WrittenDisk {
  readonly path: string;
  readonly format: DiskFormat;
  readonly fileBytes: number;
  /** What it takes on the disk that it lies on. */
  readonly allocatedBytes: number;
  readonly modifiedAtMs: number;
}

/** Notes that a job is about to give files their names, which must be free when it does so for the first time. @throws {TargetUnsuitableError} */
export async function claimNames(paths: readonly string[], { cursor, saveCursor }: CheckpointContext): Promise<void> {
  if (cursor !== null) return;
  for (const path of paths) assertAbsent(path);
  await saveCursor("begun");
}

/** What there is to say of a disk that was written. */
export function lookAtDisk(path: string, format: DiskFormat): WrittenDisk {
  const { size, blocks, mtimeMs } = statSync(path);
  return { path, format, fileBytes: size, allocatedBytes: blocks * 512, modifiedAtMs: mtimeMs };
}

/**
 * Removes the files that {@link claimNames} has claimed, and what they were made from. May be called again.
 *
 * @throws {UndoRefusedError} If one was changed since it was `written`: by a virtual computer that ran from it, for one.
 */
export function removeClaimed(
  paths: readonly string[],
  written: readonly WrittenDisk[],
  { cursor, job }: CheckpointContext,
): void {
  if (cursor === null) return;
  for (const { path, format, fileBytes, modifiedAtMs } of written) {
    if (!existsSync(path)) continue;
    const now = lookAtDisk(path, format);
    if (now.fileBytes !== fileBytes || now.modifiedAtMs !== modifiedAtMs)
      throw new UndoRefusedError(
        job,
        `"${path}" was changed since it was written`,
        "Copy it elsewhere if it is needed, and remove it by hand.",
      );
  }
  for (const to of paths) undoConversion({ to }, diskPorts);
}
