import type { MachineRecord } from "./machine-record.ts";
import type { MachineState } from "./machine-state.ts";

/** What of a machine can be seen on its host. */
export interface MachineTraces {
  /** What rehome keeps of it, if it was ever asked to. */
  readonly record: MachineRecord | undefined;
  /** Whether its directory is there. */
  readonly hasTree: boolean;
  /** Whether it has a `.nspawn` file. */
  readonly hasSettings: boolean;
  /** Whether a detached manifest lies in its directory. */
  readonly hasManifest: boolean;
  readonly isRunning: boolean;
  /** Whether its directory shows that another site has taken it. */
  readonly isTakenOver: boolean;
}

/** The state that the traces of a machine show; undefined where there is no machine. */
export function deriveState({
  record,
  hasTree,
  hasSettings,
  hasManifest,
  isRunning,
  isTakenOver,
}: MachineTraces): MachineState | undefined {
  if (isRunning) return "running";
  if (record?.mark === "incomplete") return "incomplete";
  if (record?.mark === "moved" || (hasTree && isTakenOver)) return "moved";
  if (hasTree && hasManifest) return "detached";
  if (hasTree && record?.mark !== "configured") return "installed";
  return hasTree || hasSettings || record !== undefined ? "configured" : undefined;
}
