import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../core/errors.ts";
import { readMounts } from "../file-systems.ts";
import { tryLockFile } from "../file-locks.ts";
import { removeTree } from "../tree/remove-tree.ts";
import { replaceFile, syncPath } from "../replace-file.ts";

/** What builds put into their place; nothing else of it is ever touched. */
const names = {
  /** Tree and work area, which are kept together. */
  state: "build",
  states: "states",
  logs: "logs",
  record: "build.json",
  lock: "lock",
} as const;

const heartbeatMs = 5000;
const maxDetailBytes = 256 * 2 ** 20;

/** Absolute paths of what builds put into a directory. */
export function areaPaths(directory: string): Readonly<Record<keyof typeof names, string>> {
  const at = (name: keyof typeof names): string => join(directory, names[name]);
  return { state: at("state"), states: at("states"), logs: at("logs"), record: at("record"), lock: at("lock") };
}

/** The files of a build's place, held by this process until it is disposed of. */
export interface AreaFiles extends Disposable {
  readonly state: string;
  readonly root: string;
  readonly work: string;
  readonly detailLog: string;
  readonly writeRecord: (record: object) => void;
  readonly empty: () => Promise<void>;
  readonly assertNothingMounted: () => void;
  readonly clear: () => Promise<void>;
  readonly log: (line: string, level: "simple" | "detail") => void;
  readonly keepLock: () => void;
}

/**
 * Takes a directory for a build, made if it is absent. `who` names the holder for others (`job 1234abcd`), and the folder of its logs.
 *
 * Gives the name of the living process that has it, if one does. @throws {UsageError} If it holds something that is no build's.
 */
export function openAreaFiles(directory: string, who: string): AreaFiles | string {
  const paths = areaPaths(directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const present = readdirSync(directory);
  if (present.length > 0 && !present.includes(names.lock))
    throw new UsageError(
      `cannot build in "${directory}": it holds other things ("${present[0]}")`,
      "Name an empty directory, a new one, or one that was built in before with --work.",
    );
  const lock = tryLockFile(paths.lock);
  if (lock === undefined) return readOwner(paths.lock);
  const beat = (): void =>
    writeFileSync(
      paths.lock,
      `${JSON.stringify({ who, pid: process.pid, host: hostname(), aliveAt: new Date().toISOString() })}\n`,
    );
  beat();
  const heart = setInterval(beat, heartbeatMs).unref();
  const logs = join(paths.logs, who.replaceAll(/[^\w.-]/g, "-"));
  const detailLog = join(logs, "detail.log");
  const [root, work] = [join(paths.state, "tree"), join(paths.state, "work")];
  const makeEmpty = (): void => {
    mkdirSync(root, { recursive: true, mode: 0o755 });
    mkdirSync(work, { recursive: true, mode: 0o700 });
  };
  let keepsLock = false;
  let isCleared = false;
  return {
    state: paths.state,
    root,
    work,
    detailLog,
    writeRecord(record) {
      replaceFile(paths.record, JSON.stringify(record), true);
      syncPath(directory);
    },
    async empty() {
      assertNothingMounted(directory);
      await removeTree(paths.state);
      makeEmpty();
    },
    assertNothingMounted: () => assertNothingMounted(directory),
    async clear() {
      assertNothingMounted(directory);
      // The record first: what is gone in part must not be gone on from.
      for (const name of [names.record, `${names.record}.new`, names.states, names.state, names.logs])
        await removeTree(join(directory, name));
      clearInterval(heart);
      rmSync(paths.lock, { force: true });
      isCleared = true;
      if (readdirSync(directory).length === 0) rmdirSync(directory);
    },
    log(line, level) {
      if (isCleared) return;
      mkdirSync(logs, { recursive: true, mode: 0o700 });
      const text = `${new Date().toISOString()} ${line.replaceAll("\n", String.raw`\n`)}\n`;
      if (level === "simple") appendFileSync(join(logs, "simple.log"), text, { mode: 0o600 });
      // What a script says without end must not fill the disk.
      if (level === "simple" || (statSync(detailLog, { throwIfNoEntry: false })?.size ?? 0) < maxDetailBytes)
        appendFileSync(detailLog, text, { mode: 0o600 });
    },
    keepLock: () => (keepsLock = true),
    [Symbol.dispose]() {
      clearInterval(heart);
      if (!keepsLock) lock[Symbol.dispose]();
    },
  };
}

function readOwner(path: string): string {
  try {
    const { who, pid, aliveAt } = JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, string>>;
    return `${who} (process ${pid}, alive at ${aliveAt})`;
  } catch {
    // It has only just been taken.
    return "another process";
  }
}

/** The record of a build's place as it was written; undefined if nothing was built there. */
export function readAreaRecord(path: string): unknown {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

/** Removing would go into a mount, and what is there is none of the build's. */
function assertNothingMounted(directory: string): void {
  const mount = readMounts().find(({ mountPoint }) => mountPoint.startsWith(`${directory}/`));
  if (mount)
    throw new UsageError(
      `cannot change "${directory}": something is mounted at "${mount.mountPoint}"`,
      `Take it down first: umount ${mount.mountPoint}`,
    );
}
