import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { formatToken } from "../../../journeys/clone/wire/token.ts";
import { temporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { planCloneJoin } from "./plan-join.ts";

test("planCloneJoin() plans to update what a join would update, and refuses what it would refuse", async (context) => {
  const target = join(temporaryDirectory(context), "clone");
  const token = formatToken({ fingerprint: Buffer.alloc(32, 1), secret: Buffer.alloc(32, 2) });
  const planned = async (update: boolean) =>
    await planCloneJoin(target, { session: "lab1", token, from: "127.0.0.1", update });
  assert.equal((await planned(false)).mode, "staged");
  await assert.rejects(planned(true), { code: "TARGET_UNSUITABLE" });
  mkdirSync(join(target, "etc"), { recursive: true });
  writeFileSync(join(target, "etc/hostname"), "node\n");
  const { mode, stage, directory } = await planned(true);
  assert.deepEqual({ mode, stage, directory }, { mode: "converge", stage: undefined, directory: target });
  await assert.rejects(planned(false), { code: "TARGET_UNSUITABLE" });
  assert.deepEqual(readdirSync(target), ["etc"]);
});
