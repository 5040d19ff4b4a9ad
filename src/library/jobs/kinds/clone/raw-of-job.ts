import { rmSync } from "node:fs";
import { resolve } from "node:path";
import type { JobId } from "../../../../engine/job.ts";
import { temporaryOf, type RawChoices, type RawNotices } from "../../../clone/node/raw-streams.ts";
import { TargetUnsuitableError } from "../../../../system/restore/errors.ts";
import { parseStreamPlaces, type StreamPlace } from "../../../restore/streams/plan-targets.ts";
import { assertFileUntouched, identityOfFile, removeMadeFile, type FileIdentity } from "../made-file.ts";
import type { GrowingCursor } from "./growing-cursor.ts";

/** Which raw streams a job takes; all paths absolute. */
export interface KeptRaw {
  readonly streams: readonly StreamPlace[];
  /** Devices that may hold something. */
  readonly mayErase: readonly string[];
}

/** What a job keeps of what was chosen. @throws {UsageError} */
export function keepRaw({ raw = [], mayErase = [] }: RawChoices): KeptRaw {
  return { streams: parseStreamPlaces(raw), mayErase: mayErase.map((device) => resolve(device)) };
}

/** What was chosen, in this run of the job. @throws {TargetUnsuitableError} If a device is none any more, or something has become one. */
export function rawOf({ streams, mayErase }: KeptRaw, { erased = [] }: Partial<RawCursor>): Required<RawChoices> {
  const raw = streams.map(({ name, path }) => `${name}=${path}`);
  for (const [at, { path, kind }] of parseStreamPlaces(raw).entries())
    if (kind !== streams[at]?.kind)
      throw new TargetUnsuitableError(
        path,
        kind === "device" ? "it is a device now" : "it is no device now",
        "Bring back what was there when the job was made, then resume it.",
      );
  return { raw, mayErase: [...mayErase, ...erased] };
}

/** What a join's cursor says of the places of raw streams. */
export interface RawCursor {
  /** Devices whose content is lost: the job may write over them again. */
  readonly erased: readonly string[];
  /** Files that it made, by their paths. */
  readonly files: Readonly<Record<string, FileIdentity>>;
}

/** Notes what becomes of the places of raw streams. */
export function noteRaw(job: JobId, cursor: Pick<GrowingCursor<RawCursor>, "now" | "keep">): Required<RawNotices> {
  return {
    job,
    async erasing(device) {
      const { erased = [] } = cursor.now;
      if (!erased.includes(device)) await cursor.keep({ erased: [...erased, device] });
    },
    naming: (path, temporary) => cursor.keep({ files: { ...cursor.now.files, [path]: identityOfFile(temporary) } }),
  };
}

/** Where files of a job are until they are whole. */
export function rawTemporaries(job: JobId, places: readonly StreamPlace[]): readonly string[] {
  return places.filter(({ kind }) => kind === "file").map(({ path }) => temporaryOf(path, job));
}

/** @throws {UndoRefusedError} If somebody has written to a file of the job since. */
export function assertRawUntouched(job: JobId, { files = {} }: Partial<RawCursor>): void {
  for (const [path, identity] of Object.entries(files)) assertFileUntouched(job, path, identity);
}

/** Removes the files that a job made, whole or not; does nothing the second time. */
export function removeRaw(job: JobId, { files = {} }: Partial<RawCursor>, places: readonly StreamPlace[]): void {
  for (const [path, identity] of Object.entries(files)) removeMadeFile(path, identity);
  for (const temporary of rawTemporaries(job, places)) rmSync(temporary, { force: true });
}
