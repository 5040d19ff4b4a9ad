import { displayBytes } from "../../../core/tree/byte-string.ts";
import type { Change } from "../../../system/prepare/operation.ts";
import type { PlannedOperation } from "../../../system/prepare/plan.ts";
import { countOf } from "../../render/quantities.ts";
import { quoteForShell } from "../../render/shell-words.ts";
import { formatTable, type Column } from "../../render/table.ts";

const columns: readonly Column<PlannedOperation>[] = [
  { title: "OPERATION", cell: ({ name }) => name },
  { title: "DOES", cell: ({ summary }) => summary, cuttable: true },
  { title: "HERE", cell: describeState, cuttable: true },
];

function describeState({ state, why, changes }: PlannedOperation): string {
  if (state === "change") return countOf(changes.length, "change");
  if (state === "nothing") return "nothing to do";
  return `${state === "blocked" ? "cannot be done" : "left out"}: ${why ?? ""}`;
}

/** The table of all operations, what each would do and what it finds. */
export function describeOperations(operations: readonly PlannedOperation[], width: number): string[] {
  return formatTable(columns, operations, width);
}

/** Every change of one operation, lines of files below it. */
export function describeChanges(name: string, changes: readonly Change[]): string[] {
  return changes.flatMap((change) => [
    `${name}: ${describeChange(change)} (${change.what})`,
    ...(change.kind === "write" ? (change.lines ?? []) : []).map((line) => `    ${line}`),
  ]);
}

function describeChange(change: Change): string {
  switch (change.kind) {
    case "write":
      return `write /${displayBytes(change.path)}`;
    case "remove":
      return `remove /${displayBytes(change.path)}`;
    case "link":
      return `link /${displayBytes(change.path)} to ${displayBytes(change.target)}`;
    case "move":
      return `rename /${displayBytes(change.from)} to /${displayBytes(change.path)}`;
    case "copy":
      return `copy /${displayBytes(change.from)} to /${displayBytes(change.path)}`;
    case "host":
      return `run ${quoteForShell(change.argv)} on this host`;
    case "run":
      return `run ${quoteForShell(change.argv)} in the sandbox, for at most ${change.timeoutMs / 1000} s`;
  }
}

/** A change in a document; what is written is not in it, as it may be a secret. */
export function changeDocument(change: Change): object {
  const { kind, what } = change;
  switch (change.kind) {
    case "write":
      return { kind, path: displayBytes(change.path), what, ...(change.lines && { lines: change.lines }) };
    case "remove":
      return { kind, path: displayBytes(change.path), what };
    case "link":
      return { kind, path: displayBytes(change.path), target: displayBytes(change.target), what };
    case "copy":
    case "move":
      return { kind, path: displayBytes(change.path), from: displayBytes(change.from), what };
    case "host":
      return { kind, argv: change.argv, what };
    case "run":
      return { kind, argv: change.argv, timeoutMs: change.timeoutMs, what };
  }
}
