import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { holds } from "../../../test/support/properties.ts";
import { namePattern } from "../../core/operand.ts";
import { chooseImageName, planCapture, type CaptureFacts, type CapturePlan } from "./plan.ts";

const facts: CaptureFacts = {
  kind: "directory",
  root: "/srv/tree",
  name: "tree",
  mounts: [],
  ownPaths: [],
  rootUid: 0,
  atRest: false,
  hookCount: 0,
};
const choices = { excludes: ["a"], defaultExcludes: ["b"], rehash: false, redact: false };
const plan = (more: Partial<CaptureFacts> = {}): CapturePlan => planCapture({ ...facts, ...more }, choices);

test("planCapture() puts hooks around everything that reads", () => {
  assert.deepEqual(
    plan().steps.map(({ kind }) => kind),
    ["begin-session", "sync", "read-facts", "read-tree", "publish"],
  );
  const hooked = plan({ hookCount: 1 }).steps.map((step) => (step.kind === "run-hooks" ? step.when : step.kind));
  assert.deepEqual(hooked, [
    "begin-session",
    "pre-capture",
    "sync",
    "read-facts",
    "read-tree",
    "publish",
    "post-capture",
  ]);
});

test("planCapture() looks for secrets before it reads, where their contents are to be left out", () => {
  const redacting = planCapture(facts, { ...choices, redact: true });
  assert.equal(redacting.redact, true);
  assert.deepEqual(
    redacting.steps.map(({ kind }) => kind),
    ["begin-session", "sync", "read-facts", "find-secrets", "read-tree", "publish"],
  );
});

test("planCapture() takes an owner shift from a machine whose root is owned by the start of a range", () => {
  assert.equal(plan({ kind: "machine", rootUid: 524_288 }).ownerShift, 524_288);
  assert.equal(plan({ kind: "machine", rootUid: 0 }).ownerShift, 0);
  assert.equal(plan({ kind: "machine", rootUid: 1000 }).ownerShift, 0);
  assert.equal(plan({ kind: "directory", rootUid: 65_536 }).ownerShift, 0);
});

test("planCapture() says what may be believed of a tree at rest and of one in use", () => {
  assert.equal(plan({ atRest: true }).consistency, "filesystem");
  assert.equal(plan({ atRest: false }).consistency, "fuzzy");
});

test("planCapture() leaves out its own paths below the root, and only those", () => {
  const own = (path: string) => ({ path, isDirectory: true, reason: "the store itself" });
  const ownPaths = ["/srv/tree/store", "/srv/tree-2/store", "/srv/tree", "/var/store"].map(own);
  assert.deepEqual(
    plan({ ownPaths }).leftOut.map(({ path }) => path),
    ["/srv/tree/store"],
  );
  assert.deepEqual(plan({ root: "/", ownPaths }).leftOut.length, 4);
});

test("planCapture() applies the user's patterns after the standard ones, so that they can take back", () => {
  assert.deepEqual(plan().excludes, ["b", "a"]);
});

test("chooseImageName() makes a name of any text", async (context) => {
  assert.equal(chooseImageName("Web_01 (old)"), "web_01-old");
  assert.equal(chooseImageName("host.example.org"), "host.example.org");
  assert.equal(chooseImageName("größe"), "gr-e");
  for (const text of ["", "---", "/", "..", "日本"]) assert.match(chooseImageName(text), namePattern);
  await holds(
    context,
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) =>
      assert.match(chooseImageName(text), namePattern),
    ),
    200,
  );
});
