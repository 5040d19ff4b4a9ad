/** A process of its own that does one operation to a machine, and kills itself at a crash point. */
import { armCrashPoints } from "../../src/core/crash-points.ts";
import { operate, type Operation } from "./machine-operation.ts";

/** What it is told, as its one argument. */
export interface Task {
  readonly operation: Operation;
  readonly killAt: string;
}

const { operation, killAt } = JSON.parse(process.argv[2] ?? "") as Task;
armCrashPoints((name) => {
  if (name === killAt) process.kill(process.pid, "SIGKILL");
});
await operate(operation);
