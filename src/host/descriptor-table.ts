import { closeSync, openSync } from "node:fs";
import { close, fcntl } from "./libc.ts";

const descriptors = 4096;

/**
 * Makes room for many open files at once. The kernel otherwise grows the table step by step, and waits each time for all
 * other threads of the process (`synchronize_rcu` in `expand_fdtable`), 10 to 20 ms.
 */
export function growDescriptorTable(): void {
  const duplicateAtLeast = 0;
  const file = openSync("/dev/null", "r");
  const high = fcntl(file, duplicateAtLeast, descriptors);
  closeSync(file);
  if (high >= 0) close(high);
}
