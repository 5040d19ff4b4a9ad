import { displayBytes } from "../../core/tree/byte-string.ts";
import { UsageError } from "../../core/errors.ts";
import { TreeUnsuitableError } from "./errors.ts";
import type { Change, IdentityPolicy, Operation, PrepareChoices } from "./operation.ts";
import type { TreeView } from "./ports.ts";

/** What becomes of one operation. */
export interface PlannedOperation {
  readonly name: string;
  readonly summary: string;
  /** `change`: there is something to do. `blocked`: it would have to be done and cannot be. `left-out`: not asked for. */
  readonly state: "change" | "nothing" | "left-out" | "blocked";
  /** Why it is blocked or left out. */
  readonly why?: string;
  readonly changes: readonly Change[];
  readonly remarks: readonly string[];
  /** What is in the tree but cannot be read or changed, and so stays as it is. */
  readonly warnings: readonly string[];
}

/** What a preparation will do. Data alone: it can be printed, stored, and run again. */
export interface PreparePlan {
  readonly version: 1;
  /** Absolute. */
  readonly root: string;
  readonly identity: IdentityPolicy;
  readonly operations: readonly PlannedOperation[];
}

/** Which operations were asked for; both empty for all that the policy has. */
export interface OperationChoice {
  readonly only: readonly string[];
  readonly skip: readonly string[];
}

/** @throws {UsageError} If an operation is named that is not there. */
export function assertKnownOperations(operations: readonly Operation[], { only, skip }: OperationChoice): void {
  const known = new Set(operations.map(({ name }) => name));
  const unknown = [...only, ...skip].find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new UsageError(`cannot find the operation "${unknown}"`, `There are ${[...known].join(", ")}.`);
}

/** Why an operation is left out; undefined if it is looked whether there is something to do. */
export function whyOmitted(
  { name, policies }: Pick<Operation, "name" | "policies">,
  identity: IdentityPolicy,
  { only, skip }: OperationChoice,
): string | undefined {
  if (skip.includes(name)) return "--skip";
  if (only.length > 0 && !only.includes(name)) return "--only";
  return policies.includes(identity) ? undefined : `identity ${identity}`;
}

/**
 * Decides what to change in a tree. Reads the tree, changes nothing. `whyNoSandbox` says why programs of the tree cannot be
 * run, if so.
 */
export function planPrepare(
  root: string,
  tree: TreeView,
  operations: readonly Operation[],
  choices: PrepareChoices,
  { only, skip }: OperationChoice,
  whyNoSandbox: () => string | undefined,
): PreparePlan {
  const planned = operations.map((operation): PlannedOperation => {
    const { name, summary } = operation;
    const whyLeftOut = whyOmitted(operation, choices.identity, { only, skip });
    if (whyLeftOut !== undefined)
      return { name, summary, state: "left-out", why: whyLeftOut, changes: [], remarks: [], warnings: [] };
    const warnings: string[] = [];
    tree.onUnusable = (path, why) => void warnings.push(`/${displayBytes(path)}: ${why}`);
    const { changes, remarks = [], blocked } = operation.examine(tree, choices);
    const why = blocked ?? (changes.some(({ kind }) => kind === "run") ? whyNoSandbox() : undefined);
    const state = why === undefined ? (changes.length > 0 ? "change" : "nothing") : "blocked";
    return { name, summary, state, ...(why !== undefined && { why }), changes, remarks, warnings };
  });
  return { version: 1, root, identity: choices.identity, operations: planned };
}

/** @throws {TreeUnsuitableError} If an operation of the plan is blocked: a tree is prepared wholly or not at all. */
export function assertNotBlocked({ root, operations }: PreparePlan): void {
  const blocked = operations.filter(({ state }) => state === "blocked");
  if (blocked.length === 0) return;
  throw new TreeUnsuitableError(
    root,
    blocked.map(({ name, why }) => `${name}: ${why}`).join("; "),
    `Nothing was changed. Provide what is missing, or leave it out: --skip ${blocked.map(({ name }) => name).join(",")}.`,
  );
}
