import { RehomeError } from "../../../core/errors.ts";

/**
 * What a machine is at: `configured` has settings and no bits of its own yet, `detached` is configured and holds a
 * manifest, `incomplete` is between two states, `moved` is owned elsewhere.
 */
export type MachineState = "configured" | "detached" | "incomplete" | "installed" | "running" | "moved";

/** Something done to a machine as a whole. */
export type MachineOperation =
  | "install"
  | "attach"
  | "detach"
  | "start"
  | "stop"
  | "clone"
  | "rename"
  | "relocate"
  | "remove"
  | "mark"
  | "reclaim";

interface Rule {
  readonly from: readonly MachineState[];
  /** What it is in the end; absent where it stays what it was, or is gone. */
  readonly to?: MachineState;
  /** What it is while the operation is under way. */
  readonly meanwhile?: "incomplete";
}

/** From which states each operation may begin, and where it ends. Only jobs and `remove` lead out of `incomplete`. */
export const operations: Readonly<Record<MachineOperation, Rule>> = {
  install: { from: ["configured"], to: "installed", meanwhile: "incomplete" },
  attach: { from: ["configured", "detached"], to: "installed", meanwhile: "incomplete" },
  detach: { from: ["installed"], to: "detached", meanwhile: "incomplete" },
  start: { from: ["installed"], to: "running" },
  stop: { from: ["running"], to: "installed" },
  clone: { from: ["installed"] },
  rename: { from: ["configured", "detached", "installed"], meanwhile: "incomplete" },
  relocate: { from: ["installed"], meanwhile: "incomplete" },
  remove: { from: ["configured", "detached", "incomplete", "installed", "moved"], meanwhile: "incomplete" },
  mark: { from: ["configured", "installed"], to: "incomplete" },
  // What was never attached here is configured afterwards: attaching it validates it.
  reclaim: { from: ["moved"], to: "installed" },
};

/** An operation is not for a machine in its state. */
export class MachineStateError extends RehomeError {
  override readonly name = "MachineStateError";
  readonly code = "MACHINE_STATE";
  readonly machine: string;
  readonly operation: MachineOperation;
  readonly state: MachineState;

  constructor(machine: string, operation: MachineOperation, state: MachineState) {
    const needed = operations[operation].from.join(" or ");
    super(`cannot ${operation} ${machine}: it is ${state}, and must be ${needed}`, hint(machine, operation, state));
    this.machine = machine;
    this.operation = operation;
    this.state = state;
  }
}

/** @throws {MachineStateError} If `operation` may not begin from `state`. */
export function assertLegal(machine: string, operation: MachineOperation, state: MachineState): void {
  if (!operations[operation].from.includes(state)) throw new MachineStateError(machine, operation, state);
}

/** What leads on from a state, for someone who wanted something else. */
function hint(machine: string, operation: MachineOperation, state: MachineState): string {
  switch (state) {
    case "running":
      return `Stop it first: rehome machine stop ${machine}${operation === "clone" ? "; or clone it as it runs: --live" : ""}`;
    case "detached":
      return operation === "detach"
        ? `It is detached already: move its directory, or rehome machine attach ${machine}`
        : `Attach it (rehome machine attach ${machine}) or remove it (rehome machine remove ${machine}).`;
    case "configured":
      return `It has no files of its own yet: rehome machine attach ${machine}, once they are there`;
    case "incomplete":
      return `Go on with its job or take it back (rehome job list), or rehome machine remove ${machine}`;
    case "moved":
      return `It lives elsewhere. If that place is lost for good: rehome machine reclaim ${machine} --target-is-lost`;
    case "installed":
      return operation === "attach" || operation === "install"
        ? "It is ready to be started."
        : `See rehome machine list for what it is.`;
  }
}
