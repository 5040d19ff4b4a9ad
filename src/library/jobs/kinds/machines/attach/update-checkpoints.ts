import { existsSync } from "node:fs";
import { crashPoint } from "../../../../../core/crash-points.ts";
import type { Checkpoint } from "../../../../../engine/job-kind.ts";
import { readMachineFile, removeMachineFile, writeMachineFile } from "../../../../../host/machines/machine-files.ts";
import {
  copyMachineTree,
  exchangeMachineTrees,
  removeMachineTree,
} from "../../../../../host/machines/machine-trees.ts";
import type { PackageChange } from "../../../../../journeys/machine/update/plan-update.ts";
import { UpdateFailedError } from "../../../../machines/errors.ts";
import { updatePackages } from "../../../../machines/machine-packages.ts";
import { fromJson } from "../../../json.ts";

/** The log of updates in the machine's own directory. */
const logFile = "update.log";
const maxLogBytes = 1 << 20;
const keptLogCharacters = 200_000;

/** How far an update came. */
interface Progress {
  /** The machine may be in the middle of it; false once it is what it was, but for the log. */
  readonly isBegun: boolean;
}

/** What an update works on. */
interface Updated {
  readonly directory: string;
  /** Where the state from before is kept meanwhile. */
  readonly snapshot: string;
  readonly changes: readonly PackageChange[];
  readonly lock: () => Disposable;
}

/** The checkpoints that bring a machine that does not run to other versions of packages; `dropSnapshot` ends them, once nothing can fail any more. */
export function updateCheckpoints({ directory, snapshot, changes, lock }: Updated): {
  readonly update: readonly Checkpoint[];
  readonly dropSnapshot: Checkpoint;
} {
  const fresh = `${snapshot}-back`;
  /** May be done again and again: the snapshot stays. */
  const putBack = async (): Promise<void> => {
    await removeMachineTree(fresh);
    await copyMachineTree(snapshot, fresh, { isLive: false });
    crashPoint("machine.put-back.copied");
    exchangeMachineTrees(fresh, directory);
    crashPoint("machine.put-back.exchanged");
    await removeMachineTree(fresh);
  };
  const takeSnapshot: Checkpoint = {
    name: "snapshot",
    title: "Keep the machine as it is",
    weight: 30,
    undo: "removes",
    async run({ signal }) {
      using _lock = lock();
      await removeMachineTree(snapshot);
      await copyMachineTree(directory, snapshot, { isLive: false, signal });
      crashPoint("machine.snapshot.acted");
      return null;
    },
    async takeBack() {
      await removeMachineTree(fresh);
      await removeMachineTree(snapshot);
    },
  };
  const update: Checkpoint = {
    name: "update",
    title: `Bring ${changes.map(({ name, to }) => `${name} to ${to}`).join(", ")} in the machine`,
    weight: 60,
    undo: "puts back",
    async run({ cursor, saveCursor, signal, log }) {
      using _lock = lock();
      // A run of before may have died in the middle of it.
      if (fromJson<Progress | null>(cursor)?.isBegun === true) await putBack();
      await saveCursor({ isBegun: true } satisfies Progress);
      try {
        const output = await updatePackages(directory, changes, signal);
        crashPoint("machine.update.installed");
        writeLog(directory, changes, output);
        crashPoint("machine.update.acted");
      } catch (error) {
        if (!(error instanceof UpdateFailedError)) throw error;
        await putBack();
        await saveCursor({ isBegun: false } satisfies Progress);
        writeLog(directory, changes, `${error.output}\n${error.message}; the machine is as it was`);
        log("the machine is as it was before the update");
        throw error;
      }
      return null;
    },
    async takeBack({ cursor }) {
      using _lock = lock();
      const progress = fromJson<Progress | null>(cursor);
      if (progress === null || !existsSync(snapshot)) return;
      if (progress.isBegun) await putBack();
      else putBackLog(directory, snapshot);
    },
  };
  return {
    update: [takeSnapshot, update],
    dropSnapshot: {
      name: "drop-snapshot",
      title: "Keep what was before the update no more",
      weight: 1,
      undo: "none",
      async run() {
        await removeMachineTree(fresh);
        await removeMachineTree(snapshot);
        crashPoint("machine.drop-snapshot.acted");
        return null;
      },
    },
  };
}

function writeLog(directory: string, changes: readonly PackageChange[], output: string): void {
  const before = readLog(directory);
  const lines = changes.map(({ name, architecture, from, to }) => `${name}:${architecture} ${from ?? "none"} -> ${to}`);
  const entry = [`${new Date().toISOString()} machine attach -u`, ...lines, output.trimEnd(), ""].join("\n");
  writeMachineFile(directory, logFile, (before + entry).slice(-keptLogCharacters));
}

function putBackLog(directory: string, snapshot: string): void {
  const before = readLog(snapshot);
  if (before === "") removeMachineFile(directory, logFile);
  else writeMachineFile(directory, logFile, before);
}

/** What the machine put in its place is no log. */
function readLog(directory: string): string {
  try {
    return readMachineFile(directory, logFile, maxLogBytes) ?? "";
  } catch {
    return "";
  }
}
