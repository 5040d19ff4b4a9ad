import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { openSealedObject, sealObject } from "../../image/format/sealed-object.ts";
import type { UnfinishedRestore } from "./plan.ts";

/** What a marker says of an unfinished restore. Paths inside the tree are one character a byte. */
export interface RestoreMarker {
  readonly formatVersion: 1;
  readonly image: string;
  readonly path: string;
  readonly target: string;
  readonly doneUpTo?: string;
  /** Who the tree is to become before it takes its place. */
  readonly as?: string;
  /** It is written and verified, and is becoming that. */
  readonly isPreparing?: true;
}

/** Takes a lock on an open file that the kernel gives back when the process ends; false if another has it. */
export type TryLock = (file: number) => boolean;

/** Name of the marker in a target that is a mount point. */
export const inPlaceMarker = ".rehome-restore";

/** Where the marker of a staged restore lies. */
export function markerPath(stage: string | undefined, target: string): string {
  return stage === undefined ? `${target}/${inPlaceMarker}` : `${stage}/marker`;
}

/** A new name for staging beside `target`; `job` is 8 hex digits, by default any. */
export function newStagePath(target: string, job: string = randomBytes(4).toString("hex")): string {
  return `${dirname(target)}/.${basename(target)}.rehome-${job}`;
}

/** In a directory where others write too, somebody else could have made a stage that leads elsewhere. */
function isOwnDirectory(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}

/** The stages beside `target`, whatever state they are in. */
function findStages(target: string): string[] {
  const parent = dirname(target);
  const prefix = `.${basename(target)}.rehome-`;
  return (existsSync(parent) ? readdirSync(parent) : [])
    .filter((name) => name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)))
    .map((name) => `${parent}/${name}`)
    .filter(isOwnDirectory);
}

/** Finds unfinished restores into `target`, beside it and in it. */
export function findUnfinished(target: string, tryLock: TryLock): UnfinishedRestore[] {
  return [...findStages(target), undefined].flatMap((stage) => {
    const path = markerPath(stage, target);
    if (!existsSync(path)) return [];
    const file = openSync(path, "r");
    try {
      const marker = readMarker(path);
      if (marker === undefined || marker.target !== target) return [];
      return [
        {
          image: marker.image,
          path: marker.path,
          stage: stage ?? path,
          locked: !tryLock(file),
          ...(marker.doneUpTo !== undefined && { doneUpTo: marker.doneUpTo }),
          ...(marker.as !== undefined && { as: marker.as }),
          ...(marker.isPreparing && { isPreparing: true as const }),
          ...(stage !== undefined && !existsSync(`${stage}/tree`) && { isPublished: true as const }),
        },
      ];
    } finally {
      closeSync(file);
    }
  });
}

/**
 * The marker of a running restore, held locked.
 *
 * Invariant: the marker on disk is whole at every moment (written aside, synced, renamed); the lock is on a file of its own
 * inode that lives as long as the restore, so a renewal does not lose it.
 */
export class HeldMarker {
  readonly #path: string;
  readonly #tryLock: TryLock;
  #file: number;

  constructor(path: string, marker: RestoreMarker, tryLock: TryLock) {
    this.#path = path;
    this.#tryLock = tryLock;
    this.#file = -1;
    this.write(marker);
  }

  /** Replaces the marker; durable on return, and locked before it is visible. */
  write(marker: RestoreMarker): void {
    const temporary = `${this.#path}.new`;
    rmSync(temporary, { force: true });
    writeFileSync(temporary, sealObject("restore-marker", marker), { mode: 0o600, flag: "wx" });
    const file = openSync(temporary, "r");
    this.#tryLock(file);
    fsyncSync(file);
    renameSync(temporary, this.#path);
    syncDirectory(dirname(this.#path));
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = file;
  }

  remove(): void {
    rmSync(this.#path, { force: true });
    this.release();
  }

  /** Gives the lock back; the marker stays for the next run. */
  release(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
  }
}

/** Makes the directories of a stage, where they are not there from an earlier run. */
export function prepareStage(stage: string): void {
  // Not in one call: where a directory is there and cannot be written, that would say that it is missing.
  if (!existsSync(dirname(stage))) mkdirSync(dirname(stage), { mode: 0o700, recursive: true });
  if (!existsSync(stage)) mkdirSync(stage, { mode: 0o700 });
  if (!existsSync(`${stage}/tree`)) mkdirSync(`${stage}/tree`, { mode: 0o700 });
}

/** Puts the finished tree in its place, which is absent or an empty directory, in one step; then removes the stage. */
export function publishStage(stage: string, target: string): void {
  const tree = `${stage}/tree`;
  try {
    renameSync(tree, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    // An ordinary user cannot move a directory that is not writable.
    const { mode } = statSync(tree);
    chmodSync(tree, 0o700);
    renameSync(tree, target);
    chmodSync(target, mode & 0o7777);
  }
  syncDirectory(dirname(target));
}

/** Removes what is left of a stage after its tree was published; no error if another process was faster. */
export function removeStage(stage: string): void {
  for (const name of ["marker", "marker.new"]) rmSync(`${stage}/${name}`, { force: true });
  if (existsSync(stage)) rmdirSync(stage);
  syncDirectory(dirname(stage));
}

/** Removes stages beside `target` that nobody can go on with: left before anything was written, or after all was published. */
export function removeRemains(target: string, kept: string): void {
  for (const stage of findStages(target)) {
    if (stage === kept) continue;
    const tree = `${stage}/tree`;
    const isEmpty = existsSync(tree) && readdirSync(tree).length === 0;
    if (isEmpty && !existsSync(markerPath(stage, target))) rmdirSync(tree);
    if (!existsSync(tree)) removeStage(stage);
  }
}

/** What lies at a target. `lost+found` and our own marker count as nothing. */
export function kindOfTarget(target: string): "absent" | "empty-directory" | "directory" | "other" {
  const found = statSync(target, { throwIfNoEntry: false });
  if (found === undefined) return lstatSync(target, { throwIfNoEntry: false }) === undefined ? "absent" : "other";
  if (!found.isDirectory()) return "other";
  return readdirSync(target).every((name) => name === "lost+found" || name.startsWith(inPlaceMarker))
    ? "empty-directory"
    : "directory";
}

/** Says whether `path` is where a file system is mounted. */
export function isMountPoint(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  return path === "/" || statSync(dirname(path)).dev !== found.dev;
}

function readMarker(path: string): RestoreMarker | undefined {
  try {
    const marker = openSealedObject("restore-marker", readFileSync(path), path) as RestoreMarker;
    return marker.formatVersion === 1 ? marker : undefined;
  } catch {
    return undefined;
  }
}

function syncDirectory(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
