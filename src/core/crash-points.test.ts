import assert from "node:assert/strict";
import { test } from "node:test";
import { armCrashPoints, crashPoint } from "./crash-points.ts";

test("crashPoint() does nothing, when nothing is armed", () => {
  crashPoint("capture.session-begun");
});

test("crashPoint() tells what is armed each place that is passed, in order, until it is disarmed", () => {
  const passed: string[] = [];
  armCrashPoints((name) => void passed.push(name));
  crashPoint("prune.condemned");
  crashPoint("prune.swept");
  crashPoint("prune.swept");
  armCrashPoints(undefined);
  crashPoint("prune.swept");
  assert.deepEqual(passed, ["prune.condemned", "prune.swept", "prune.swept"]);
});

test("crashPoint() throws what is armed throws", () => {
  const death = new Error("dead");
  armCrashPoints(() => {
    throw death;
  });
  try {
    assert.throws(() => crashPoint("prune.swept"), death);
  } finally {
    armCrashPoints(undefined);
  }
});
