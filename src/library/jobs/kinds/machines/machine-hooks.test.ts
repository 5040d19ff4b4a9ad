import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { tryLockFile } from "../../../../host/file-locks.ts";
import { pathsIn } from "../../../../../test/support/place.ts";
import { asRoot, temporaryDirectory } from "../../../../../test/support/temporary-directory.ts";
import { put } from "../../../../../test/support/two-sites.ts";
import { listMachines } from "../../../machines/list-machines.ts";
import { readRecord } from "../../../machines/records.ts";
import type { Paths } from "../../../settings/settings.ts";
import { resumeJob, undoJobOf } from "../../control.ts";
import { listJobs } from "../../list-jobs.ts";
import { attachAsJob } from "./attach/attach-job.ts";
import { detachAsJob } from "./attach/detach-job.ts";
import { cloneMachineAsJob } from "./create/clone-machine-job.ts";
import { startMachineAsJob, stopMachineAsJob } from "./power-jobs.ts";
import { markMachineAsJob } from "./record-jobs.ts";
import { relocateMachineAsJob } from "./relocate-job.ts";
import { removeMachineAsJob } from "./remove-job.ts";
import { renameMachineAsJob } from "./rename-job.ts";

interface Case {
  readonly act: (paths: Paths) => Promise<unknown>;
  /** What the machines are before it; default: `web` is installed. */
  readonly before?: string;
  /** What they are once its first hook wants cleaning; default: `web` is incomplete. */
  readonly uncleaned?: string;
  /** What they are when it is done. */
  readonly after: string;
  /** What they are when it is done but for a hook that wants cleaning. */
  readonly untidy: string;
}

const cases: Readonly<Record<string, Case>> = {
  rename: {
    act: (paths) => renameMachineAsJob("web", "shop", { paths }),
    after: "shop installed",
    untidy: "shop incomplete",
  },
  relocate: {
    act: (paths) => relocateMachineAsJob("web", join(paths.stateDirectory, "../elsewhere/web"), { paths }),
    after: "web installed",
    untidy: "web incomplete",
  },
  remove: { act: (paths) => removeMachineAsJob("web", { paths }), after: "", untidy: "web incomplete" },
  mark: { act: (paths) => markMachineAsJob("web", { paths }), after: "web incomplete", untidy: "web incomplete" },
  detach: { act: (paths) => detachAsJob("web", { paths }), after: "web detached", untidy: "web incomplete" },
  attach: {
    act: (paths) => attachAsJob("web", { paths }),
    before: "web detached",
    after: "web installed",
    untidy: "web incomplete",
  },
  clone: {
    act: (paths) => cloneMachineAsJob("web", "copy", { paths }),
    uncleaned: "copy incomplete, web installed",
    after: "copy installed, web installed",
    untidy: "copy incomplete, web installed",
  },
};

const statesIn = (paths: Paths): string =>
  listMachines({ paths })
    .map(({ name, state }) => `${name} ${state}`)
    .join(", ");

const hookOf = ({ hooksDirectory }: Paths, when: string): string => join(hooksDirectory, `${when}.d/hook`);

function putHook(paths: Paths, when: string, status: number): void {
  put(hookOf(paths, when), `#!/bin/sh\necho "sorry"; exit ${status}\n`);
  chmodSync(hookOf(paths, when), 0o755);
}

async function siteWithMachine(context: TestContext, isDetached: boolean): Promise<Paths> {
  const directory = temporaryDirectory(context);
  const paths = pathsIn(directory);
  put(join(paths.machinesDirectory, "web/etc/machine-id"), `${"0123456789abcdef".repeat(2)}\n`);
  chmodSync(paths.machinesDirectory, 0o700);
  put(join(paths.nspawnDirectory, "web.nspawn"), "[Exec]\nBoot=yes\n");
  mkdirSync(join(directory, "elsewhere"), { mode: 0o700 });
  if (isDetached) await detachAsJob("web", { paths });
  return paths;
}

const lastJob = async (paths: Paths): Promise<string> => (await listJobs({ paths }))[0]?.id ?? "";

for (const [
  operation,
  { act, before = "web installed", uncleaned = "web incomplete", after, untidy },
] of Object.entries(cases)) {
  test(
    `hooks before ${operation} keep the machine as it was, or incomplete by 255, until it is resumed or undone`,
    asRoot,
    async (context) => {
      const paths = await siteWithMachine(context, before.endsWith("detached"));
      const record = readRecord(paths, "web");
      for (const [status, meaning] of [
        [253, /it was called wrongly/],
        [254, /it did nothing, and the machine is as it was/],
        [1, /it failed/],
        [255, /needs cleaning by hand/],
      ] as const) {
        putHook(paths, `pre-${operation}`, status);
        await assert.rejects(act(paths), (error: Error & { code?: string; exitCode?: number }) => {
          assert.deepEqual([error.code, error.exitCode], ["HOOK_FAILED", status]);
          assert.match(error.message, meaning);
          return true;
        });
        assert.equal(statesIn(paths), status === 255 ? uncleaned : before);
      }
      await undoJobOf(await lastJob(paths), { paths });
      assert.equal(statesIn(paths), before);
      assert.deepEqual(readRecord(paths, "web"), record);
      await assert.rejects(act(paths), { code: "HOOK_FAILED" });
      rmSync(hookOf(paths, `pre-${operation}`));
      await resumeJob(await lastJob(paths), { paths });
      assert.equal(statesIn(paths), after);
    },
  );

  test(
    `a hook after ${operation} that wants cleaning leaves the machine incomplete until it is resumed`,
    asRoot,
    async (context) => {
      const paths = await siteWithMachine(context, before.endsWith("detached"));
      putHook(paths, `post-${operation}`, 254);
      await assert.rejects(act(paths), { code: "HOOK_FAILED" });
      assert.equal(statesIn(paths), after);
      putHook(paths, `post-${operation}`, 255);
      const job = await lastJob(paths);
      for (let tries = 0; tries < 2; tries++) {
        await assert.rejects(resumeJob(job, { paths }), { code: "HOOK_FAILED" });
        assert.equal(statesIn(paths), untidy);
      }
      rmSync(hookOf(paths, `post-${operation}`));
      await resumeJob(job, { paths });
      assert.equal(statesIn(paths), after);
    },
  );
}

test("hooks before start and stop keep a machine as it is, or have it incomplete by 255", async (context) => {
  const paths = await siteWithMachine(context, false);
  for (const status of [253, 254, 1, 255]) {
    putHook(paths, "pre-start", status);
    await assert.rejects(startMachineAsJob("web", { paths }), { code: "HOOK_FAILED", exitCode: status });
    assert.equal(statesIn(paths), status === 255 ? "web incomplete" : "web installed");
  }
  await undoJobOf(await lastJob(paths), { paths });
  assert.equal(statesIn(paths), "web installed");
  {
    using running = tryLockFile(join(paths.machinesDirectory, ".#web.lck"));
    assert.ok(running);
    for (const status of [253, 254, 1, 255]) {
      putHook(paths, "pre-stop", status);
      await assert.rejects(stopMachineAsJob("web", { paths }), { code: "HOOK_FAILED", exitCode: status });
      assert.equal(statesIn(paths), "web running");
    }
  }
  assert.equal(statesIn(paths), "web incomplete", "it wants cleaning once it has ended by itself");
  await undoJobOf(await lastJob(paths), { paths });
  assert.equal(statesIn(paths), "web installed");
});
