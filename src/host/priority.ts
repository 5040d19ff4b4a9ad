import { setPriority } from "node:os";
import { SYS_ioprio_set, ioprioSet } from "./libc.ts";

/** How a thread competes: as any other, or only for what nobody else wants. */
export type Priority = "normal" | "idle";

/** Sets this thread's share of processor and disk (nice 19, I/O class idle; ioprio_set(2)). Best effort. */
export function ownPriority(priority: Priority): void {
  if (priority === "normal") return;
  setPriority(19);
  const whoProcess = 1;
  const idleClass = 3 << 13;
  ioprioSet(SYS_ioprio_set, whoProcess, 0, idleClass);
}
