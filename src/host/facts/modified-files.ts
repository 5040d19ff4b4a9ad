import { createHash } from "node:crypto";
import { throwIfInterrupted } from "../../core/errors.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import type { ModifiedFiles, RecordedFile } from "../../system/facts/index.ts";
import * as libc from "../libc.ts";
import { SystemCallError } from "../system-call-error.ts";
import { openRegularFile, type OpenFile } from "./open-regular-file.ts";
import { openStatInRoot } from "./stat-in-root.ts";

/**
 * Compares files below one root with their records.
 *
 * Invariants: a file is looked at by its name in a directory that openat2(2) found in the root, and read only once it is
 * known to be a regular file. All hashing together is bounded. After each slice of work other work of this thread gets
 * its turn, and only then `signal` is looked at.
 */
export interface ModifiedFileFinder extends Disposable {
  find(files: readonly RecordedFile[], installedSec: number, signal: AbortSignal | undefined): Promise<ModifiedFiles>;
}

const maxHashedBytes = 2 ** 37;
const bufferBytes = 1 << 20;
const sliceMs = 20;

/** What a file turned out to be; "unchecked" is left for one that could not be read. */
type Finding = "same" | "modified" | "missing" | "unchecked";

/** A finder below the open directory `root`, which it does not close. */
export function openModifiedFileFinder(root: number): ModifiedFileFinder {
  const place = openStatInRoot(root);
  const buffer = Buffer.allocUnsafe(bufferBytes);
  let remainingBytes = maxHashedBytes;
  let sliceEndMs = performance.now() + sliceMs;

  /** Asked before {@link giveWay}, because to await is dear for what takes a microsecond. */
  function isTurnOver(): boolean {
    return performance.now() >= sliceEndMs;
  }

  async function giveWay(signal: AbortSignal | undefined): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    sliceEndMs = performance.now() + sliceMs;
    throwIfInterrupted(signal, "comparing the files of packages");
  }

  /** Decides without reading where that is possible; undefined asks for the content. */
  function judge(record: RecordedFile, installedSec: number): Finding | undefined {
    const found = place.stat(record.path);
    if (found === "missing") return "missing";
    if (found === "unreadable") return "unchecked";
    if (found.kind === "symlink") return undefined;
    if (found.kind !== "file") return "modified";
    if (record.sizeBytes !== undefined && record.sizeBytes !== found.sizeBytes) return "modified";
    return record.always || found.mtimeSec >= installedSec ? undefined : "same";
  }

  async function compareContent(record: RecordedFile, signal: AbortSignal | undefined): Promise<Finding> {
    const opened = openForReading(root, record.path);
    if (typeof opened === "string") return opened;
    using handle = opened;
    const hash = createHash(record.algorithm);
    for (let position = 0; ;) {
      const count = libc.pread(handle.file, buffer, bufferBytes, position);
      remainingBytes -= Math.max(count, 0);
      if (count < 0 || remainingBytes < 0) return "unchecked";
      if (count === 0) return hash.digest("hex") === record.digest ? "same" : "modified";
      hash.update(buffer.subarray(0, count));
      position += count;
      if (isTurnOver()) await giveWay(signal);
    }
  }

  return {
    async find(records, installedSec, signal) {
      const modified: TreePath[] = [];
      let uncheckedCount = 0;
      for (const record of records) {
        if (isTurnOver()) await giveWay(signal);
        let finding = judge(record, installedSec);
        if (finding === "same") continue;
        finding ??= await compareContent(record, signal);
        if (finding === "modified") modified.push(record.path);
        if (finding === "unchecked") uncheckedCount++;
      }
      return { modified, uncheckedCount };
    },
    [Symbol.dispose]: () => place[Symbol.dispose](),
  };
}

/** A symlink that leads to no file has taken the place of one; what else cannot be opened may be the same. */
function openForReading(root: number, path: TreePath): OpenFile | Finding {
  try {
    const opened = openRegularFile(root, path);
    return typeof opened === "string" ? "modified" : opened;
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    return "unchecked";
  }
}
