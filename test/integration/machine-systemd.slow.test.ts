import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { withContainers } from "../support/container.ts";
import { makeScriptMachine } from "../support/script-machine.ts";
import { bootSystemdHost, type SystemdHost } from "../support/systemd-host.ts";
import { put } from "../support/two-sites.ts";

const systemd = "/usr/lib/systemd/systemd";
const needs = { skip: withContainers.skip || (existsSync(systemd) ? false : "needs systemd") };
const unit = "systemd-nspawn@web1.service";

/** The one machine as it is listed. */
const listed = (host: SystemdHost): Record<string, unknown> => {
  const { machines } = JSON.parse(host.rehome("machine", "list", "--json").stdout) as { machines: object[] };
  return machines[0] as Record<string, unknown>;
};

const activeState = (host: SystemdHost): string => host.run("systemctl", "is-active", unit).stdout.trim();

test("where systemd runs it starts, stops and ends machines, by their units", needs, async (context) => {
  const host = await bootSystemdHost(context);
  const done = (...words: readonly string[]): string => {
    const { status, stdout, stderr } = host.rehome(...words);
    assert.equal(status, 0, `${words.join(" ")}: ${stderr}`);
    return stdout;
  };
  const root = join(host.machines, "web1");
  makeScriptMachine(context, root);
  assert.equal(host.run("mkdir", "-p", "/etc/systemd/nspawn").status, 0);

  assert.match(done("machine", "start", "web1", "-n"), /Start systemd-nspawn@web1\.service/);
  done("machine", "start", "web1");
  assert.deepEqual([activeState(host), listed(host)["state"]], ["active", "running"]);
  assert.match(host.run("machinectl", "--no-pager", "list").stdout, /^web1 +container/m);
  assert.match(host.rehome("machine", "start", "web1").stderr, /it is running/);
  const { jobs } = JSON.parse(done("job", "list", "--json")) as { jobs: { id: string }[] };
  done("job", "undo", jobs[0]?.id ?? "");
  assert.deepEqual([activeState(host), listed(host)["state"]], ["inactive", "installed"]);

  // What was started without rehome is stopped as well.
  assert.equal(host.run("systemctl", "start", unit).status, 0);
  done("machine", "stop", "web1");
  assert.deepEqual([activeState(host), listed(host)["state"]], ["inactive", "installed"]);

  put(join(root, "deaf"));
  done("machine", "start", "web1");
  const stuck = host.rehome("machine", "stop", "web1", "--timeout", "1s");
  assert.match(stuck.stderr, /has not shut down within 1 s.*\[TIMED_OUT\]/);
  assert.deepEqual([activeState(host), listed(host)["isShuttingDown"]], ["deactivating", true]);
  done("machine", "stop", "web1", "--force");
  assert.deepEqual([listed(host)["state"], activeState(host) === "deactivating"], ["installed", false]);
  rmSync(join(root, "deaf"));

  // Where it was relocated to is where its unit starts it.
  assert.equal(host.run("mkdir", "-m", "0700", "/srv/machines").status, 0);
  done("machine", "relocate", "web1", "/srv/machines/web1");
  done("machine", "start", "web1");
  assert.deepEqual([listed(host)["state"], listed(host)["path"]], ["running", "/srv/machines/web1"]);
  assert.match(host.run("systemctl", "show", "-p", "ExecStart", unit).stdout, /--directory=\/srv\/machines\/web1/);
  done("machine", "stop", "web1");
  done("machine", "relocate", "web1", "/var/lib/machines/web1");
  assert.match(readFileSync(join(root, "boots"), "utf8"), /^(?:up\n){4}$/);

  // Whether it starts with its host goes along as it is detached and attached.
  assert.equal(host.run("systemctl", "enable", unit).status, 0);
  done("machine", "detach", "web1");
  assert.equal(host.run("systemctl", "is-enabled", unit).stdout.trim(), "disabled");
  done("machine", "attach", "web1");
  assert.equal(host.run("systemctl", "is-enabled", unit).stdout.trim(), "enabled");

  rmSync(join(root, "etc/os-release"));
  const failed = host.rehome("machine", "start", "web1");
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /systemd-nspawn@web1\.service did not start: .*os-release.*\[TOOL_FAILED\]/);
  assert.equal(listed(host)["state"], "installed");
});
