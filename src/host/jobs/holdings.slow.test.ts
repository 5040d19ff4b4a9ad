import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { JobId } from "../../engine/job.ts";
import { asRoot, temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { isMounted } from "../file-systems.ts";
import { directoryHolding, HoldingUnknownError, jobVariable, processGroupHolding, takeDown } from "./holdings.ts";

const job = "0a1b2c3d" as JobId;

test("takeDown() takes down a mount, every one of a pile, and does nothing the second time", asRoot, async (t) => {
  const path = `${temporaryDirectory(t)}/mnt`;
  mkdirSync(path);
  for (let each = 0; each < 2; each++) spawnSync("mount", ["-t", "tmpfs", "none", path]);
  assert.ok(isMounted(path));
  await takeDown(job, { kind: "mount", what: path });
  assert.ok(!isMounted(path));
  await takeDown(job, { kind: "mount", what: path });
});

test("takeDown() detaches all loop devices of a file, and no other", asRoot, async (t) => {
  const place = temporaryDirectory(t);
  const attach = (name: string): string => {
    const file = `${place}/${name}`;
    writeFileSync(file, "");
    truncateSync(file, 1024 * 1024);
    return spawnSync("losetup", ["--find", "--show", file], { encoding: "utf8" }).stdout.trim();
  };
  const devices = [attach("mine"), attach("other")];
  t.after(() => spawnSync("losetup", ["--detach", devices[1] ?? ""]));
  await takeDown(job, { kind: "loop-device", what: `${place}/mine` });
  const left = spawnSync("losetup", ["--list", "--noheadings", "--output", "NAME"], { encoding: "utf8" }).stdout;
  assert.ok(!left.split("\n").includes(devices[0] ?? ""), left);
  assert.ok(left.split("\n").includes(devices[1] ?? ""), left);
});

test("takeDown() removes a directory in the job's own, immutable files too, and no other", asRoot, async (t) => {
  const place = temporaryDirectory(t);
  const own = `${place}/${job}/extracted`;
  const other = `${place}/other`;
  for (const path of [own, other]) {
    mkdirSync(path, { recursive: true });
    writeFileSync(`${path}/file`, "");
  }
  spawnSync("chattr", ["+i", `${own}/file`]);
  await takeDown(job, directoryHolding(own));
  assert.deepEqual(readdirSync(`${place}/${job}`), []);
  await takeDown(job, directoryHolding(own));
  for (const path of [other, `${place}/${job}/../other`])
    await assert.rejects(takeDown(job, directoryHolding(path)), HoldingUnknownError);
  assert.deepEqual(readdirSync(other), ["file"]);
});

/** Starts a shell as the leader of a group, and waits until it has said something. */
async function startGroup(script: string, env: NodeJS.ProcessEnv = {}): Promise<{ readonly pid: number }> {
  const child = spawn("sh", ["-c", script], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...env },
  });
  await once(child.stdout, "data");
  child.unref();
  child.stdout.destroy();
  return { pid: child.pid ?? 0 };
}

function isGroupAlive(group: number): boolean {
  const { stdout } = spawnSync("ps", ["-e", "-o", "pgid=,state="], { encoding: "utf8" });
  return stdout.split("\n").some((line) => {
    const [id, state] = line.trim().split(/\s+/);
    return Number(id) === group && state !== "Z";
  });
}

test("takeDown() ends a process group, also what ignores SIGTERM", async () => {
  const { pid } = await startGroup("trap '' TERM; echo on; while :; do sleep 60 & wait; done");
  await takeDown(job, processGroupHolding(pid));
  assert.ok(!isGroupAlive(pid));
});

test("takeDown() leaves a group of the same number alone, when its leader was started at another time", async () => {
  const { pid } = await startGroup("echo on; exec sleep 60");
  const { kind } = processGroupHolding(pid);
  await takeDown(job, { kind, what: `${pid} 1` });
  assert.ok(isGroupAlive(pid));
  process.kill(-pid, "SIGKILL");
});

test("takeDown() ends what is left of a group without its leader, if it has the job's id", async () => {
  for (const [env, isEnded] of [
    [{ [jobVariable]: job }, true],
    [{ [jobVariable]: "ffffffff" }, false],
  ] as const) {
    const child = spawn("sh", ["-c", "sleep 60 & echo on"], {
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, ...env },
    });
    const pid = child.pid ?? 0;
    const holding = processGroupHolding(pid);
    await once(child, "exit");
    await takeDown(job, holding);
    assert.equal(isGroupAlive(pid), !isEnded);
    if (!isEnded) process.kill(-pid, "SIGKILL");
  }
});

test("takeDown() names a kind that it does not know", async () => {
  await assert.rejects(takeDown(job, { kind: "tunnel", what: "x" }), HoldingUnknownError);
});
