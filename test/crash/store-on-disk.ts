import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mock } from "node:test";
import { directoryBlobStore } from "../../src/image/blob-store/directory-blob-store.ts";
import type { DurableFiles } from "../../src/image/blob-store/durable-files.ts";
import { checkStore, type CheckResult } from "../../src/image/care/check.ts";
import { prune, type PruneResult } from "../../src/image/care/prune.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import type { ProcessProbe, SessionOwner } from "../../src/image/store/session.ts";
import type { ForgetfulDisk } from "./forgetful-disk.ts";

/** Processes of a machine that exists only in a test: each has a pid, and those in `alive` live. */
export function probeOf(pid: number, alive: readonly number[] = [pid]): ProcessProbe {
  const owner: SessionOwner = { host: "test", bootId: "boot", pidNamespace: "pid:[1]", pid, startTicks: 1 };
  return { self: () => owner, isAlive: (other) => (other.host === "test" ? alive.includes(other.pid) : undefined) };
}

/** A store on a {@link ForgetfulDisk}, as one process has it open. */
export function openOn(files: DurableFiles, cacheDirectory: string, probe: ProcessProbe): Promise<ImageStore> {
  return ImageStore.openOrCreate({ blobs: directoryBlobStore("/var/store", files), probe, cacheDirectory });
}

/** A disk with a store, and the caches of the host that it belongs to. */
export interface Host {
  readonly disk: ForgetfulDisk;
  readonly cacheDirectory: string;
}

/** Copies a host, as another outcome of what it does next. */
export function copyHost({ disk, cacheDirectory }: Host, below: string): Host {
  const copy = mkdtempSync(join(below, "host-"));
  cpSync(cacheDirectory, copy, { recursive: true });
  return { disk: disk.copy(), cacheDirectory: copy };
}

let nextPid = 100;

/**
 * Does something with the store of a host in a process of its own, the only one that lives. A minute passes on the
 * clock before, which the test holds: so what was written before is old enough to be trusted.
 */
export async function inProcess<Result>(host: Host, work: (store: ImageStore) => Promise<Result>): Promise<Result> {
  mock.timers.tick(60_000);
  using store = await openOn(host.disk.files(), host.cacheDirectory, probeOf(nextPid++));
  return await work(store);
}

/** Checks a store without a word on the way. */
export function check(store: ImageStore): Promise<CheckResult> {
  return checkStore(store, { onProgress: () => undefined });
}

/** Prunes so that packs are written anew as often as can be. */
export function pruneAll(store: ImageStore): Promise<PruneResult> {
  return prune(store, { dryRun: false, minNeededShare: 1, onProgress: () => undefined });
}

const fileCount = 9;

/**
 * Writes the tree of a version: one file is the same in all versions, one is there in that version alone, each of the
 * others changes with some versions. Times are set, so that equal versions are equal trees.
 */
export function writeVersion(root: string, version: number, kind = "web"): void {
  mkdirSync(join(root, "etc"), { recursive: true });
  for (let number = 0; number < fileCount; number++) {
    const since = number === 0 ? 0 : number === 1 ? version : version - (version % number);
    put(join(root, "etc", `file-${number}`), `${kind} ${number} since ${since}\n`.repeat(20));
  }
  for (const directory of [join(root, "etc"), root]) utimesSync(directory, 1_700_000_000, 1_700_000_000);
}

function put(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  writeFileSync(path, text);
  utimesSync(path, 1_700_000_000, 1_700_000_000);
}
