import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { RehomeError } from "../../core/errors.ts";
import type { Holding } from "../../engine/journal/journal.ts";
import type { JobId } from "../../engine/job.ts";
import { isMounted } from "../file-systems.ts";
import { runTool } from "../processes.ts";
import { removeTree } from "../tree/remove-tree.ts";

/** What a job holds is of a kind that this version of the program cannot take down. */
export class HoldingUnknownError extends RehomeError {
  override readonly name = "HoldingUnknownError";
  readonly code = "JOB_UNKNOWN";

  constructor(id: JobId, kind: string, what: string) {
    super(
      `cannot take down what job ${id} left: a ${kind} ("${what}"), which this version of rehome does not know`,
      "Use the version of rehome that made it.",
    );
  }
}

/** Every program that a job starts has the job's id in this variable, so that what it left running is known as its own. */
export const jobVariable = "REHOME_JOB";

/** What a job holds of a process group: its leader's id and when that was started, since ids are used again. */
export function processGroupHolding(pid: number): Holding {
  return { kind: "process-group", what: `${pid} ${readStat(pid)?.startedAt ?? "0"}` };
}

/** What a job holds of a directory that it will remove: one in its own. */
export function directoryHolding(path: string): Holding {
  return { kind: "directory", what: path };
}

/**
 * Takes down what a dead process of a job held on this host; does nothing where it is gone. It knows `mount`, by the absolute path
 * it is mounted at; `loop-device`, by the file behind it, since a number means something else after a restart;
 * `directory`, with all that is in it, where it lies in the job's own; and `process-group`, as {@link processGroupHolding} makes it.
 *
 * @throws {HoldingUnknownError} @throws {ToolFailedError} If it is in use.
 */
export async function takeDown(job: JobId, { kind, what }: Holding): Promise<void> {
  switch (kind) {
    case "mount":
      while (isMounted(what)) await runTool("umount", ["--", what], { mustSucceed: true });
      return;
    case "loop-device":
      for (const device of await loopDevicesOf(what))
        await runTool("losetup", ["--detach", device], { mustSucceed: true });
      return;
    case "directory":
      // Whatever a journal says, nothing else is removed.
      if (basename(dirname(what)) !== job) throw new HoldingUnknownError(job, kind, what);
      await removeTree(what);
      return;
    case "process-group":
      await endProcessGroup(job, what);
      return;
    default:
      throw new HoldingUnknownError(job, kind, what);
  }
}

async function loopDevicesOf(file: string): Promise<readonly string[]> {
  const words = ["--associated", file, "--noheadings", "--output", "NAME"];
  const { stdout } = await runTool("losetup", words);
  return stdout.split("\n").filter((name) => name !== "");
}

const graceMs = 2000;
const lookEveryMs = 50;

async function endProcessGroup(job: JobId, what: string): Promise<void> {
  const [leader, startedAt] = what.split(" ");
  const group = Number(leader);
  const find = (): readonly number[] =>
    membersOf(group).filter((pid) => readStat(group)?.startedAt === startedAt || isOf(job, pid));
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const pid of find()) kill(pid, signal);
    const until = performance.now() + graceMs;
    while (find().length > 0 && performance.now() < until) await wait(lookEveryMs);
  }
}

/** Without its leader a group may be another one of the same number: then only what has the job's id is ended. */
function isOf(job: JobId, pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`${jobVariable}=${job}`);
  } catch {
    return false;
  }
}

function membersOf(group: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = readStat(pid);
      return stat?.group === group && !stat.isDead;
    });
}

/** What proc(5) says of a process; undefined if there is none. */
function readStat(
  pid: number,
): { readonly group: number; readonly startedAt: string | undefined; readonly isDead: boolean } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The second field is the program's name, which may hold anything; the third is the state.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { group: Number(fields[2]), startedAt: fields[19], isDead: fields[0] === "Z" || fields[0] === "X" };
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
