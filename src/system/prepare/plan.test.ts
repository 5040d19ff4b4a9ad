import assert from "node:assert/strict";
import { test } from "node:test";
import { plainChoices } from "../../../test/support/hand-made-tree.ts";
import type { Operation } from "./operation.ts";
import {
  assertKnownOperations,
  assertNotBlocked,
  planPrepare,
  type OperationChoice,
  type PreparePlan,
} from "./plan.ts";
import type { TreeView } from "./ports.ts";

function operation(name: string, policies: Operation["policies"], kind: "run" | "remove" = "remove"): Operation {
  const change =
    kind === "run"
      ? ({ kind, argv: ["/bin/true"], what: "x", timeoutMs: 1 } as const)
      : ({ kind, path: name as never, what: "x" } as const);
  return { name, summary: name, policies, examine: () => ({ changes: [change] }) };
}

const table = [operation("a", ["reset"]), operation("b", ["keep", "reset"]), operation("c", ["keep", "reset"], "run")];
const empty: TreeView = {
  read: () => undefined,
  list: () => [],
  stat: () => undefined,
  linkTarget: () => undefined,
  onUnusable: () => undefined,
};

function plan(choice: Partial<OperationChoice>, identity: "keep" | "reset" = "keep", whyNot?: string): PreparePlan {
  return planPrepare(
    "/x",
    empty,
    table,
    { ...plainChoices, identity },
    { only: [], skip: [], ...choice },
    () => whyNot,
  );
}

const states = ({ operations }: PreparePlan): string[] => operations.map(({ state }) => state);

test("planPrepare() leaves out what the policy, --only or --skip leaves out", () => {
  assert.deepEqual(states(plan({})), ["left-out", "change", "change"]);
  assert.deepEqual(states(plan({}, "reset")), ["change", "change", "change"]);
  assert.deepEqual(states(plan({ only: ["b"] }, "reset")), ["left-out", "change", "left-out"]);
  assert.deepEqual(states(plan({ skip: ["b"] }, "reset")), ["change", "left-out", "change"]);
});

test("planPrepare() blocks programs where there is no sandbox, and only those", () => {
  const blocked = plan({}, "reset", "only root can");
  assert.deepEqual(states(blocked), ["change", "change", "blocked"]);
  assert.throws(() => assertNotBlocked(blocked), { code: "TARGET_UNSUITABLE", message: /c: only root can/ });
  assert.doesNotThrow(() => assertNotBlocked(plan({ skip: ["c"] }, "reset", "only root can")));
});

test("assertKnownOperations() names those that there are", () => {
  assert.throws(() => assertKnownOperations(table, { only: ["d"], skip: [] }), { code: "USAGE", remedy: /a, b, c/ });
});
