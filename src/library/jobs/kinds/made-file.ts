import { lstatSync, rmSync } from "node:fs";
import { UndoRefusedError } from "../../../engine/errors.ts";
import type { JobId } from "../../../engine/job.ts";

/** A file as it was when it took its place; plain data. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

/** The identity of a file; a link to it has the same. */
export function identityOfFile(path: string): FileIdentity {
  const { dev, ino, size, mtimeMs } = lstatSync(path);
  return { dev, ino, sizeBytes: size, mtimeMs };
}

/** Says whether that very file is at a path, changed or not. */
export function isFileAt(path: string, { dev, ino }: FileIdentity): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.dev === dev && found.ino === ino;
}

/** A file that somebody has written to since a job made it is not the job's to remove. @throws {UndoRefusedError} */
export function assertFileUntouched(job: JobId, path: string, identity: FileIdentity): void {
  if (!isFileAt(path, identity)) return;
  const now = identityOfFile(path);
  if (now.mtimeMs === identity.mtimeMs && now.sizeBytes === identity.sizeBytes) return;
  throw new UndoRefusedError(job, `"${path}" was changed since`, "Remove it by hand if it is not needed.");
}

/** Removes a file that a job made; does nothing where another is at its place, or none. */
export function removeMadeFile(path: string, identity: FileIdentity): void {
  if (isFileAt(path, identity)) rmSync(path);
}
