import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { ProcessProbe, SessionOwner } from "../image/store/session.ts";

/** Tells processes of this host apart by pid and start time, within one boot and pid namespace (proc(5)). */
export const processProbe: ProcessProbe = {
  self: () => ({ ...surroundings(), pid: process.pid, startTicks: startTicks(process.pid) ?? 0 }),
  isAlive(owner: SessionOwner) {
    const here = surroundings();
    if (
      owner.host !== here.host ||
      owner.bootId !== here.bootId ||
      owner.pidNamespace !== here.pidNamespace ||
      here.bootId === ""
    )
      return undefined;
    return startTicks(owner.pid) === owner.startTicks;
  },
};

/** Another one after each start of the kernel (proc_sys_kernel(5)); empty where it is not to be had. */
export function bootId(): string {
  return attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()) ?? "";
}

function surroundings(): Pick<SessionOwner, "host" | "bootId" | "pidNamespace"> {
  return {
    host: hostname(),
    bootId: bootId(),
    pidNamespace: attempt(() => readlinkSync("/proc/self/ns/pid")) ?? "",
  };
}

/** Field 22 of `/proc/PID/stat`; the name before it may hold anything but ends with the last `)`. */
function startTicks(pid: number): number | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" || fields?.[19] === undefined ? undefined : Number(fields[19]);
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
