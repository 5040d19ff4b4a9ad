import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { findTool } from "../../src/host/processes.ts";
import { cloneTree, debianTreeIn } from "../support/debian-tree.ts";
import { addPackageRepository, installTiny } from "../support/package-repository.ts";
import { memoryDirectory } from "../support/memory-directory.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { makeMachine, makeSite, put, type Site } from "../support/two-sites.ts";
import { assertDocument } from "../cli/documents.ts";

const needs = {
  skip:
    asRoot.skip ||
    (["systemd-nspawn", "mmdebstrap", "dpkg-scanpackages"].every(findTool)
      ? false
      : "needs dpkg-dev and systemd-nspawn"),
  timeout: 900_000,
};

const rules = "scope: {all-machines: [rehome-tiny]}\nhost: {ignore: [distribution, kernel, systemd]}\n";
const versionIn = (root: string): string => readFileSync(join(root, "usr/lib/rehome-tiny/version"), "utf8").trim();

/** A host as far as its software can be seen. */
function softwareOf(tree: string, root: string): string {
  for (const path of ["var/lib", "etc", "usr/lib"]) mkdirSync(join(root, path), { recursive: true });
  cloneTree(join(tree, "var/lib/dpkg"), join(root, "var/lib/dpkg"));
  cloneTree(join(tree, "usr/lib/os-release"), join(root, "usr/lib/os-release"));
  return root;
}

/** A detached machine from a host that had version 1.0 of a package which all machines are to have, and a host with 2.0. */
function scene(context: TestContext): {
  readonly site: Site;
  readonly target: string;
  readonly version: () => string;
} {
  // An update copies the machine several times over.
  const directory = memoryDirectory(context);
  const site = makeSite(context, directory);
  const tree = debianTreeIn(directory, "bare");
  addPackageRepository(tree, ["1.0", "2.0", "3.0", "9.0"]);
  installTiny(tree, "1.0");
  const source = softwareOf(tree, join(site.directory, "source"));
  installTiny(tree, "2.0");
  const target = softwareOf(tree, join(site.directory, "target"));
  installTiny(tree, "1.0");
  renameSync(tree, site.machine("web1"));
  put(site.settingsFile("web1"), "[Exec]\nBoot=yes\n");
  put(join(site.directory, "validate.yaml"), rules);
  const detached = site.run("machine", "detach", "web1", "--host-root", source);
  assert.equal(detached.status, 0, detached.stderr);
  return { site, target, version: () => versionIn(site.machine("web1")) };
}

test(
  "attach -u brings the machine to the versions of its host, or back to what it was, and never down",
  needs,
  (context) => {
    const { site, target, version } = scene(context);
    const attach = ["machine", "attach", "web1", "--host-root", target];
    assert.equal(site.run(...attach).status, 3);
    assert.equal(site.run(...attach, "-u", "-n").status, 2);
    assert.equal(site.run(...attach, "-u", "-F").status, 2);

    // The host has one whose installation fails: the machine is put back.
    const status = join(target, "var/lib/dpkg/status");
    const text = readFileSync(status, "utf8");
    writeFileSync(status, text.replace(/(Package: rehome-tiny\n[^]*?Version: )2\.0/, "$19.0"));
    const failed = site.run(...attach, "-u");
    assert.equal(failed.status, 1, failed.stderr);
    assert.match(failed.stderr, /cannot update the packages in .*its package manager failed/);
    assert.equal(site.stateOf("web1"), "incomplete");
    assert.equal(version(), "1.0");
    assert.match(
      readFileSync(join(site.machine("web1"), "var/lib/dpkg/status"), "utf8"),
      /Package: rehome-tiny\n[^]*?Version: 1\.0/,
    );
    assert.match(
      readFileSync(join(site.machine("web1"), ".rehome/update.log"), "utf8"),
      /rehome-tiny:all 1\.0 -> 9\.0\n[^]*the machine is as it was/,
    );
    const { jobs } = site.document("job", "list").document as { jobs: { id: string }[] };
    assert.equal(site.run("job", "undo", jobs[0]?.id ?? "").status, 0);
    assert.equal(site.stateOf("web1"), "detached");
    assert.equal(version(), "1.0");
    assert.deepEqual(readdirSync(join(site.machine("web1"), ".rehome")), ["detached.json"]);

    // The host has an older one than the machine itself.
    writeFileSync(status, text.replace(/(Package: rehome-tiny\n[^]*?Version: )2\.0/, "$10.9"));
    const down = site.run(...attach, "-u");
    assert.equal(down.status, 3);
    assert.match(down.stdout, /an update never goes back/);
    assert.equal(site.stateOf("web1"), "detached");

    writeFileSync(status, text);
    const attached = site.document(...attach, "-u");
    assert.equal(attached.status, 0, JSON.stringify(attached.document));
    assertDocument("machine-attach", attached.document);
    assert.deepEqual((attached.document as { updated: unknown }).updated, [
      { name: "rehome-tiny", architecture: "all", from: "1.0", to: "2.0" },
    ]);
    assert.equal(site.stateOf("web1"), "installed");
    assert.equal(version(), "2.0");
    assert.match(
      readFileSync(join(site.machine("web1"), ".rehome/update.log"), "utf8"),
      /rehome-tiny:all 1\.0 -> 2\.0\n[^]*Setting up rehome-tiny/,
    );
    assert.equal(existsSync(join(site.machine("web1"), ".rehome/detached.json")), false);
    assert.deepEqual(readdirSync(join(site.directory, "machines")), ["web1"], "the snapshot is gone");
  },
);

/** Processes of the tree that this very file lies in, as `srv/begun`. */
function processesSeeing(file: string): string[] {
  const { dev, ino } = statSync(file);
  return readdirSync("/proc").filter((entry) => {
    try {
      const seen = /^\d+$/.test(entry) ? statSync(`/proc/${entry}/root/srv/begun`) : undefined;
      return seen?.dev === dev && seen.ino === ino;
    } catch {
      return false;
    }
  });
}

test(
  "attach -u that is killed while apt installs leaves nothing running, and is gone on with",
  needs,
  async (context) => {
    const { site, target, version } = scene(context);
    const status = join(target, "var/lib/dpkg/status");
    writeFileSync(status, readFileSync(status, "utf8").replace(/(Package: rehome-tiny\n[^]*?Version: )2\.0/, "$13.0"));
    const process = site.start("machine", "attach", "web1", "--host-root", target, "-u");
    const ended = once(process, "exit");
    const begun = join(site.machine("web1"), "srv/begun");
    while (!existsSync(begun)) {
      assert.equal(process.exitCode, null);
      await new Promise((resolve) => void setTimeout(resolve, 20));
    }
    assert.notDeepEqual(processesSeeing(begun), []);
    process.kill("SIGKILL");
    await ended;
    // What it started would wait for good: it ends with it.
    while (processesSeeing(begun).length > 0) await new Promise((resolve) => void setTimeout(resolve, 20));
    assert.equal(site.stateOf("web1"), "incomplete");
    const machines = join(site.directory, "machines");
    const snapshot = readdirSync(machines).find((name) => name.startsWith(".rehome-machine-")) ?? "";
    writeFileSync(join(machines, snapshot, "srv/go"), "");
    const { jobs } = site.document("job", "list").document as { jobs: { id: string; state: string }[] };
    assert.equal(jobs[0]?.state, "interrupted");
    const resumed = site.run("job", "resume", jobs[0]?.id ?? "");
    assert.equal(resumed.status, 0, resumed.stderr);
    assert.deepEqual([site.stateOf("web1"), version()], ["installed", "3.0"]);
    const log = readFileSync(join(site.machine("web1"), ".rehome/update.log"), "utf8");
    assert.equal(log.match(/rehome-tiny:all 1\.0 -> 3\.0/g)?.length, 1);
  },
);

test("attach -u --host shows what the host lacks, and installs it once it is confirmed", needs, (context) => {
  const directory = memoryDirectory(context);
  const site = makeSite(context, directory);
  const host = debianTreeIn(directory, "bare");
  addPackageRepository(host, ["1.0", "2.0"]);
  installTiny(host, "2.0");
  makeMachine(site, "web1");
  put(join(site.directory, "validate.yaml"), rules);
  assert.equal(site.run("machine", "detach", "web1", "--host-root", host).status, 0);
  installTiny(host, "1.0");
  const attach = ["machine", "attach", "web1", "--host-root", host, "-u", "--host"];
  const shown = site.run(...attach);
  assert.equal(shown.status, 3);
  assert.equal(shown.stdout, "rehome-tiny:all 1.0 -> 2.0\n");
  assert.match(shown.stderr, /with --yes .*apt-get install .*rehome-tiny:all=2\.0/);
  assert.deepEqual([versionIn(host), site.stateOf("web1")], ["1.0", "detached"]);
  const done = site.document(...attach, "--yes");
  assert.equal(done.status, 0, JSON.stringify(done.document));
  assertDocument("machine-attach", done.document);
  assert.deepEqual([versionIn(host), site.stateOf("web1")], ["2.0", "installed"]);
});
