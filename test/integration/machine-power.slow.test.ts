import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { armCrashPoints } from "../../src/core/crash-points.ts";
import { resumeJob, undoJobOf } from "../../src/library/jobs/control.ts";
import { startMachineAsJob, stopMachineAsJob } from "../../src/library/jobs/kinds/machines/power-jobs.ts";
import { listJobs } from "../../src/library/jobs/list-jobs.ts";
import { listMachines } from "../../src/library/machines/list-machines.ts";
import { choosePaths } from "../../src/library/settings/settings.ts";
import { assertDocument } from "../cli/documents.ts";
import { withContainers } from "../support/container.ts";
import { guideCommands } from "../support/guide.ts";
import { makeScriptMachine } from "../support/script-machine.ts";
import { makeSite, put, type Site } from "../support/two-sites.ts";

/** A site with a machine that boots in no time. */
function makeBootable(context: TestContext): Site {
  const site = makeSite(context);
  makeScriptMachine(context, site.machine("web1"));
  put(site.settingsFile("web1"), "[Exec]\nBoot=yes\n");
  return site;
}

const listed = (site: Site): Record<string, unknown> | undefined => {
  const { document } = site.document("machine", "list");
  assertDocument("machine-list", document);
  return (document as { machines: Record<string, unknown>[] }).machines[0];
};

test(
  "a machine is started, refused to others while it runs, stopped, and started by undo no more",
  withContainers,
  (context) => {
    const site = makeBootable(context);
    assert.match(site.run("machine", "start", "web1", "-n").stdout, /Start web1 by systemd-nspawn/);
    const started = site.document("machine", "start", "web1");
    assertDocument("machine-change", started.document);
    assert.equal(started.status, 0, JSON.stringify(started.document));
    assert.equal(site.stateOf("web1"), "running");
    assert.match(
      site.run("machine", "start", "web1").stderr,
      /it is running.*\nStop it first: rehome machine stop web1/,
    );
    assert.equal(site.run("machine", "detach", "web1").status, 3);
    const { jobs } = site.document("job", "list").document as { jobs: { id: string }[] };
    assert.equal(site.run("job", "undo", jobs[0]?.id ?? "").status, 0);
    assert.equal(site.stateOf("web1"), "installed");

    assert.equal(site.run("machine", "start", "web1").status, 0);
    const stopped = site.document("machine", "stop", "web1");
    assertDocument("machine-change", stopped.document);
    assert.equal(stopped.status, 0);
    assert.equal(site.stateOf("web1"), "installed");
    assert.equal(site.run("machine", "stop", "web1").status, 3);
  },
);

test("a machine that does not shut down is shown so, and is ended by force", withContainers, (context) => {
  const site = makeBootable(context);
  put(join(site.machine("web1"), "deaf"));
  assert.equal(site.run("machine", "start", "web1").status, 0);
  const { status, stderr } = site.run("machine", "stop", "web1", "--timeout", "1s");
  assert.equal(status, 1);
  assert.match(stderr, /has not shut down within 1 s, and is still at it \[TIMED_OUT\]/);
  assert.match(stderr, /rehome machine stop web1 --force/);
  assert.deepEqual([listed(site)?.["state"], listed(site)?.["isShuttingDown"]], ["running", true]);
  assert.match(site.run("machine", "list").stdout, /web1 +shutting down/);
  assert.equal(site.run("machine", "stop", "web1", "--force").status, 0);
  assert.deepEqual([listed(site)?.["state"], listed(site)?.["isShuttingDown"]], ["installed", undefined]);
  rmSync(join(site.machine("web1"), "deaf"));
  assert.equal(site.run("machine", "start", "web1").status, 0, "what was asked of it before is forgotten");
  assert.equal(listed(site)?.["isShuttingDown"], undefined);
  assert.equal(site.run("machine", "stop", "web1").status, 0);
});

test(
  "a machine starts from where it was relocated to, and is refused once another site has taken it",
  withContainers,
  (context) => {
    const site = makeBootable(context);
    const target = join(site.directory, "elsewhere/shop");
    mkdirSync(join(target, ".."), { mode: 0o700 });
    assert.equal(site.run("machine", "relocate", "web1", target).status, 0);
    assert.equal(site.run("machine", "start", "web1").status, 0);
    assert.deepEqual([listed(site)?.["state"], listed(site)?.["path"]], ["running", target]);
    assert.equal(site.run("machine", "stop", "web1").status, 0);
    assert.match(readFileSync(join(target, "boots"), "utf8"), /^up\n$/);
    const stamp = { uuid: listed(site)?.["uuid"], epoch: 7, site: "f".repeat(32), host: "other" };
    put(join(target, ".rehome/owner.json"), JSON.stringify(stamp));
    assert.match(site.run("machine", "start", "web1").stderr, /it is moved.*\nIt lives elsewhere.*--target-is-lost/);
    assert.deepEqual([listed(site)?.["state"], listed(site)?.["movedTo"]], ["moved", "other"]);
  },
);

test("a machine that cannot start says why", withContainers, (context) => {
  const site = makeBootable(context);
  rmSync(join(site.machine("web1"), "etc/os-release"));
  const { status, document } = site.document("machine", "start", "web1");
  assert.equal(status, 1);
  const { error } = document as { error: { code: string; message: string } };
  assert.deepEqual([error.code, /os-release/.test(error.message)], ["TOOL_FAILED", true], error.message);
  assert.equal(site.stateOf("web1"), "installed");
});

test("a start and a stop that die are gone on with, and a start is taken back", withContainers, async (context) => {
  const site = makeBootable(context);
  const paths = choosePaths(site.environment);
  const dyingAt = async (point: string, operation: () => Promise<unknown>): Promise<string> => {
    armCrashPoints((passed) => {
      if (passed !== point) return;
      armCrashPoints(undefined);
      throw new RangeError(`died at ${point}`);
    });
    await assert.rejects(operation(), /died at/);
    const [job] = await listJobs({ paths });
    return job?.id ?? "";
  };
  const start = (): Promise<unknown> => startMachineAsJob("web1", { paths });
  await resumeJob(await dyingAt("machine.start.acted", start), { paths });
  assert.equal(listMachines({ paths })[0]?.state, "running");
  await resumeJob(await dyingAt("machine.stop.asked", () => stopMachineAsJob("web1", { paths })), { paths });
  assert.equal(listMachines({ paths })[0]?.state, "installed");
  await undoJobOf(await dyingAt("machine.start.acted", start), { paths });
  assert.equal(listMachines({ paths })[0]?.state, "installed");
});

test("a start and a stop whose hooks want cleaning are gone on with", withContainers, async (context) => {
  const site = makeBootable(context);
  const paths = choosePaths(site.environment);
  const hook = (when: string): string => join(site.directory, "hooks", `${when}.d/hook`);
  const goneOn = async (when: string, act: () => Promise<unknown>): Promise<unknown> => {
    put(hook(when), "#!/bin/sh\nexit 255\n");
    chmodSync(hook(when), 0o755);
    await assert.rejects(act(), { code: "HOOK_FAILED" });
    const untidy = listMachines({ paths })[0]?.state;
    rmSync(hook(when));
    const [job] = await listJobs({ paths });
    await resumeJob(job?.id ?? "", { paths });
    return [untidy, listMachines({ paths })[0]?.state];
  };
  assert.deepEqual(await goneOn("pre-start", () => startMachineAsJob("web1", { paths })), ["incomplete", "running"]);
  assert.deepEqual(await goneOn("pre-stop", () => stopMachineAsJob("web1", { paths })), ["running", "installed"]);
  await startMachineAsJob("web1", { paths });
  assert.deepEqual(await goneOn("post-stop", () => stopMachineAsJob("web1", { paths })), ["incomplete", "installed"]);
});

test("the day of a machine goes as the guide says", withContainers, (context) => {
  const site = makeBootable(context);
  const elsewhere = join(site.directory, "srv");
  mkdirSync(elsewhere, { mode: 0o700 });
  for (const command of guideCommands("machines", "From day to day")) {
    const [, ...words] = command.replaceAll("/srv/machines", elsewhere).split(" ");
    const { status, stderr } = site.run(...words);
    assert.equal(status, 0, `${command}: ${stderr}`);
  }
  assert.deepEqual([listed(site), readdirSync(elsewhere)], [undefined, []]);
});
