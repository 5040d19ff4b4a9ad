import assert from "node:assert/strict";
import { test } from "node:test";
import { TargetUnsuitableError } from "./errors.ts";
import {
  planRestore,
  type RestoreChoices,
  type RestoreFacts,
  type RestorePlan,
  type UnfinishedRestore,
} from "./plan.ts";

const image = "ab".repeat(32);
const facts: RestoreFacts = {
  target: "/srv/new",
  kind: "absent",
  isMountPoint: false,
  unfinished: [],
  freeBytes: 1000,
  newStage: "/srv/.new.rehome-00000000",
};
const choices: RestoreChoices = {
  image,
  path: "",
  intoExisting: false,
  delete: false,
  backup: true,
  verify: false,
  neededBytes: 1000,
};
const unfinished = (more: Partial<UnfinishedRestore> = {}): UnfinishedRestore => ({
  image,
  path: "",
  stage: "/srv/.new.rehome-11111111",
  locked: false,
  ...more,
});
const plan = (moreFacts: Partial<RestoreFacts> = {}, moreChoices: Partial<RestoreChoices> = {}): RestorePlan =>
  planRestore({ ...facts, ...moreFacts }, { ...choices, ...moreChoices });
const refuses = (moreFacts: Partial<RestoreFacts>, moreChoices: Partial<RestoreChoices> = {}): void => {
  assert.throws(() => plan(moreFacts, moreChoices), TargetUnsuitableError);
};

test("planRestore() writes beside an absent or empty directory and renames at the end", () => {
  for (const kind of ["absent", "empty-directory"] as const) {
    const made = plan({ kind });
    assert.deepEqual(
      [made.mode, made.root, made.stage],
      ["staged", "/srv/.new.rehome-00000000/tree", "/srv/.new.rehome-00000000"],
    );
    assert.deepEqual(
      made.steps.map((step) => step.kind),
      ["stage", "write-tree", "sync", "publish"],
    );
  }
  assert.deepEqual(
    plan({}, { verify: true }).steps.map((step) => step.kind),
    ["stage", "write-tree", "sync", "verify", "publish"],
  );
});

test("planRestore() writes in place where the target is a mount point", () => {
  const made = plan({ kind: "empty-directory", isMountPoint: true });
  assert.deepEqual([made.mode, made.root, made.stage], ["in-place", "/srv/new", undefined]);
});

test("planRestore() refuses a target that holds something else", () => {
  refuses({ kind: "directory" });
  refuses({ kind: "directory", isMountPoint: true });
  refuses({ kind: "other" });
});

test("planRestore() refuses a target one byte too small, unless it goes on", () => {
  assert.doesNotThrow(() => plan({ freeBytes: 1000 }));
  refuses({ freeBytes: 999 });
  assert.doesNotThrow(() => plan({ freeBytes: 999, unfinished: [unfinished()] }));
});

test("planRestore() goes on with the same image and path, and refuses others", () => {
  const made = plan({ unfinished: [unfinished({ doneUpTo: "etc" })] });
  assert.deepEqual([made.stage, made.resumes?.doneUpTo], ["/srv/.new.rehome-11111111", "etc"]);
  refuses({ unfinished: [unfinished({ image: "cd".repeat(32) })] });
  refuses({ unfinished: [unfinished({ path: "etc" })] });
  assert.doesNotThrow(() => plan({ unfinished: [unfinished({ path: "etc" })] }, { path: "etc" }));
  assert.equal(plan({ kind: "directory", isMountPoint: true, unfinished: [unfinished()] }).mode, "in-place");
});

test("planRestore() refuses while another process is at it", () => {
  refuses({ unfinished: [unfinished({ locked: true })] });
  refuses({ kind: "directory", unfinished: [unfinished({ locked: true })] }, { intoExisting: true });
});

test("planRestore() into an existing directory compares, backs up, then writes", () => {
  const steps = (more: Partial<RestoreChoices>): string[] =>
    plan({ kind: "directory" }, { intoExisting: true, ...more }).steps.map((step) => step.kind);
  assert.deepEqual(steps({}), ["compare", "back-up", "write-tree", "sync"]);
  assert.deepEqual(steps({ backup: false, delete: true, verify: true }), [
    "compare",
    "write-tree",
    "delete-extra",
    "sync",
    "verify",
  ]);
  refuses({ kind: "absent" }, { intoExisting: true });
  refuses({ kind: "other" }, { intoExisting: true });
  refuses({ kind: "directory" }, { intoExisting: true, path: "etc" });
});

test("planRestore() only tidies up, when the tree has taken its place already", () => {
  const published = unfinished({ isPublished: true, doneUpTo: "usr" });
  const made = plan({ kind: "directory", unfinished: [published] }, { verify: true });
  assert.deepEqual([made.root, made.resumes], ["/srv/new", published]);
  assert.deepEqual(
    made.steps.map((step) => step.kind),
    ["verify", "tidy-up"],
  );
});

test("planRestore() starts anew, when the tree that had taken its place was moved away since", () => {
  for (const kind of ["absent", "empty-directory"] as const) {
    const made = plan({ kind, unfinished: [unfinished({ isPublished: true, doneUpTo: "usr" })] });
    assert.deepEqual([made.stage, made.resumes], ["/srv/.new.rehome-00000000", undefined]);
  }
  const other = unfinished({ isPublished: true, image: "cd".repeat(32) });
  assert.equal(plan({ unfinished: [other] }).resumes, undefined);
  refuses({ kind: "directory", unfinished: [other] });
});
