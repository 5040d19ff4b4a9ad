import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tryLockFile } from "../../src/host/file-locks.ts";
import { makeMachine, makeSite, moveFiles, put, type Site } from "../support/two-sites.ts";
import { assertDocument } from "./documents.ts";

const dropIn = (site: Site, name: string): string =>
  join(site.directory, `etc/system/systemd-nspawn@${name}.service.d/limits.conf`);

const codeOf = (site: Site, ...words: readonly string[]): unknown => {
  const { status, document } = site.document("machine", ...words);
  assert.equal(status, 3, JSON.stringify(document));
  return (document as { error: { code: string } }).error.code;
};

/** The latest job of a site. */
const lastJob = (site: Site): string =>
  (site.document("job", "list").document as { jobs: { id: string }[] }).jobs[0]?.id ?? "";

test("a machine gets another name with all that belongs to it, and the old one back", (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  put(dropIn(site, "web1"), "[Service]\nTasksMax=9\n");
  mkdirSync(join(site.autostartLink("web1"), ".."), { recursive: true });
  symlinkSync("/nowhere", site.autostartLink("web1"));

  const planned = site.document("machine", "rename", "web1", "shop", "-n");
  assertDocument("machine-change", planned.document);
  assert.deepEqual([site.stateOf("web1"), site.stateOf("shop")], ["installed", undefined]);
  const { document, status } = site.document("machine", "rename", "web1", "shop");
  assertDocument("machine-change", document);
  assert.equal(status, 0);
  assert.deepEqual([site.stateOf("web1"), site.stateOf("shop")], [undefined, "installed"]);
  assert.ok(!existsSync(site.settingsFile("web1")) && existsSync(site.settingsFile("shop")));
  assert.ok(!existsSync(dropIn(site, "web1")) && existsSync(dropIn(site, "shop")));
  assert.ok(lstatSync(site.autostartLink("shop")).isSymbolicLink());
  assert.equal(readFileSync(join(site.machine("shop"), "etc/hostname"), "utf8"), "web1\n");

  makeMachine(site, "web1");
  assert.match(site.run("machine", "rename", "web1", "shop").stderr, /rehome machine remove shop/);
  assert.equal(site.run("machine", "rename", "web1", "../shop").status, 2);
  assert.equal(site.run("machine", "remove", "web1").status, 0);
  const renaming = (site.document("job", "list").document as { jobs: { id: string; kind: string }[] }).jobs.find(
    ({ kind }) => kind === "machine-rename",
  );
  assert.equal(site.run("job", "undo", renaming?.id ?? "").status, 0);
  assert.deepEqual([site.stateOf("web1"), site.stateOf("shop")], ["installed", undefined]);
  assert.ok(existsSync(dropIn(site, "web1")));
});

test("a machine is relocated with a drop-in that names the place, back again, and put back if that cannot be saved", (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  const elsewhere = join(site.directory, "elsewhere");
  mkdirSync(elsewhere, { mode: 0o755 });
  assert.match(site.run("machine", "relocate", "web1", join(elsewhere, "web1")).stderr, /others can enter/);
  chmodSync(elsewhere, 0o700);
  assert.equal(site.run("machine", "relocate", "web1", join(elsewhere, "a b")).status, 2);
  for (const taken of [elsewhere, join(site.machine("web1"), "etc/web1")])
    assert.equal(codeOf(site, "relocate", "web1", taken), "MACHINE_UNSUITABLE");

  // Its drop-ins cannot be written where a file is in the place of their directory.
  put(join(dropIn(site, "web1"), ".."));
  const { stderr, status } = site.run("machine", "relocate", "web1", join(elsewhere, "web1"));
  assert.equal(status, 3, stderr);
  assert.match(stderr, /could not be saved .* it is where it was/);
  assert.deepEqual(
    [site.stateOf("web1"), existsSync(site.machine("web1")), readdirSync(elsewhere)],
    ["installed", true, []],
  );
  rmSync(join(dropIn(site, "web1"), ".."));

  const relocated = site.document("machine", "relocate", "web1", join(elsewhere, "web1"));
  assertDocument("machine-change", relocated.document);
  assert.equal(relocated.status, 0);
  const unit = readFileSync(join(dropIn(site, "web1"), "../rehome-directory.conf"), "utf8");
  assert.match(
    unit,
    new RegExp(`^ExecStart=\nExecStart=systemd-nspawn .*--machine=%i --directory=${elsewhere}/web1$`, "m"),
  );
  assert.deepEqual([site.stateOf("web1"), existsSync(site.machine("web1"))], ["installed", false]);
  // It lives there like any other: under another name, detached, and without that drop-in in its manifest.
  assert.equal(site.run("machine", "rename", "web1", "shop").status, 0);
  assert.equal(site.run("machine", "detach", "shop").status, 0);
  const manifest = readFileSync(join(elsewhere, "web1/.rehome/detached.json"), "utf8");
  assert.doesNotMatch(manifest, /ExecStart/);
  assert.equal(site.run("machine", "attach", "shop").status, 0);
  assert.equal(site.run("machine", "relocate", "shop", site.machine("shop")).status, 0);
  assert.deepEqual([existsSync(join(site.machine("shop"), "etc/hostname")), readdirSync(elsewhere)], [true, []]);
  assert.equal(existsSync(join(dropIn(site, "shop"), "../rehome-directory.conf")), false);
});

test("a machine is not renamed to what it is called", (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  const { status, stderr } = site.run("machine", "rename", "web1", "web1");
  assert.equal(status, 2);
  assert.doesNotMatch(stderr, /remove/);
});

test("remove leaves nothing of a machine, or its files alone", (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  makeMachine(site, "other-web1");
  put(dropIn(site, "web1"), "[Service]\nTasksMax=9\n");
  mkdirSync(join(site.autostartLink("web1"), ".."), { recursive: true });
  symlinkSync("/nowhere", site.autostartLink("web1"));
  assert.match(site.run("machine", "remove", "web1", "-n").stdout, /Set .*web1 and the configuration/);
  assert.equal(site.stateOf("web1"), "installed");
  assert.equal(site.run("machine", "remove", "web1", "--keep-data").status, 0);
  assert.ok(existsSync(join(site.machine("web1"), "etc/hostname")));
  assert.ok(!existsSync(site.settingsFile("web1")) && !existsSync(dropIn(site, "web1")));
  assert.deepEqual(readdirSync(join(site.autostartLink("web1"), "..")), []);
  const removed = site.document("machine", "remove", "web1");
  assertDocument("machine-change", removed.document);
  assert.deepEqual(readdirSync(join(site.directory, "machines")), ["other-web1"]);
  assert.equal(site.run("machine", "remove", "web1").status, 3);
  assert.equal(site.run("job", "undo", lastJob(site)).status, 3, "what is gone is gone");
});

test("a machine that is marked incomplete is left by undo and remove alone", (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  const marked = site.document("machine", "mark", "web1", "incomplete");
  assertDocument("machine-change", marked.document);
  assert.equal(site.stateOf("web1"), "incomplete");
  for (const words of [
    ["detach", "web1"],
    ["attach", "web1"],
    ["rename", "web1", "shop"],
    ["mark", "web1", "incomplete"],
    ["reclaim", "web1", "--target-is-lost"],
  ])
    assert.equal(codeOf(site, ...words), "MACHINE_STATE", words.join(" "));
  assert.equal(site.run("machine", "mark", "web1", "installed").status, 2);
  assert.equal(site.run("job", "undo", lastJob(site)).status, 0);
  assert.equal(site.stateOf("web1"), "installed");
  assert.equal(site.run("machine", "mark", "web1", "incomplete").status, 0);
  assert.equal(site.run("machine", "remove", "web1").status, 0);
  assert.equal(site.stateOf("web1"), undefined);
});

test("a site that comes back sees that another has taken its machine on shared storage, until it reclaims it", (context) => {
  const [host1, host2] = [makeSite(context), makeSite(context)];
  makeMachine(host1, "web1");
  for (const words of [
    ["detach", "web1"],
    ["attach", "web1"],
  ])
    assert.equal(host1.run("machine", ...words).status, 0);
  // The first host dies: nothing is detached, and the storage goes to the second one.
  moveFiles("web1", host1, host2);
  assert.equal(host2.stateOf("web1"), "moved");
  assert.equal(host2.run("machine", "create", "web1", "--from", host2.machine("web1")).status, 0);
  assert.match(host2.run("machine", "attach", "web1").stderr, /rehome machine reclaim web1 --target-is-lost/);
  assert.equal(host2.run("machine", "reclaim", "web1").status, 2);
  const reclaimed = host2.document("machine", "reclaim", "web1", "--target-is-lost");
  assertDocument("machine-change", reclaimed.document);
  assert.equal(host2.stateOf("web1"), "configured");
  const attached = host2.run("machine", "attach", "web1");
  assert.equal(attached.status, 0, attached.stderr);
  assert.match(attached.stderr, /never detached; its manifest is made from its own tree/);
  const { jobs } = host2.document("job", "list").document as { jobs: { title: string }[] };
  assert.ok(jobs.some(({ title }) => /^reclaim web1: \S+ is said to be lost$/.test(title)));

  // It comes back, and sees the same storage.
  moveFiles("web1", host2, host1);
  assert.equal(host1.stateOf("web1"), "moved");
  for (const words of [
    ["detach", "web1"],
    ["attach", "web1"],
    ["rename", "web1", "shop"],
  ])
    assert.equal(codeOf(host1, ...words), "MACHINE_STATE", words.join(" "));
  assert.equal(codeOf(host1, "remove", "web1"), "MACHINE_UNSUITABLE", "they are the other's files");
  assert.equal(host1.run("machine", "reclaim", "web1", "--target-is-lost").status, 0);
  assert.equal(host1.stateOf("web1"), "installed");
  moveFiles("web1", host1, host2);
  assert.equal(host2.stateOf("web1"), "moved");
  assert.equal(host2.run("machine", "remove", "web1", "--keep-data").status, 0);
  assert.ok(existsSync(host2.machine("web1")));
});

test("the old copy of a site that was lost is refused where the machine has gone on", (context) => {
  const [host1, host2] = [makeSite(context), makeSite(context)];
  makeMachine(host1, "web1");
  for (const words of [
    ["detach", "web1"],
    ["attach", "web1"],
  ])
    assert.equal(host1.run("machine", ...words).status, 0);
  cpSync(host1.machine("web1"), host2.machine("web1"), { recursive: true });
  for (const words of [
    ["reclaim", "web1", "--target-is-lost"],
    ["attach", "web1"],
    ["detach", "web1"],
  ])
    assert.equal(host2.run("machine", ...words).status, 0, words.join(" "));
  assert.equal(host1.run("machine", "detach", "web1").status, 0);
  spawnSync("rm", ["-r", host2.machine("web1")]);
  moveFiles("web1", host1, host2);
  assert.equal(codeOf(host2, "attach", "web1"), "MACHINE_NOT_OWNED");
});

test("nothing is done to a machine while something else is, or while it runs", (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  const operations = [
    ["rename", "web1", "shop"],
    ["remove", "web1"],
    ["mark", "web1", "incomplete"],
  ];
  {
    using _running = tryLockFile(join(site.directory, "machines/.#web1.lck"));
    for (const words of operations) assert.equal(codeOf(site, ...words), "MACHINE_STATE");
  }
  mkdirSync(join(site.directory, "state/machines"), { recursive: true });
  using _busy = tryLockFile(join(site.directory, "state/machines/web1.lock"));
  for (const words of [...operations, ["detach", "web1"]]) {
    const { error } = site.document("machine", ...words).document as { error: { code: string; message: string } };
    assert.equal(error.code, "MACHINE_UNSUITABLE");
    assert.match(error.message, /another operation on it is in progress/);
  }
});

test("hooks run before and after each operation, with the name that the machine has then", (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  const told = join(site.directory, "told");
  for (const operation of ["rename", "mark", "remove"])
    for (const when of ["pre", "post"]) {
      const path = join(site.directory, "hooks", `${when}-${operation}.d/hook`);
      put(path, `#!/bin/sh\necho "$REHOME_HOOK $REHOME_MACHINE $(basename "$REHOME_ROOT")" >> ${told}\n`);
      chmodSync(path, 0o755);
    }
  for (const words of [
    ["rename", "web1", "shop"],
    ["mark", "shop", "incomplete"],
    ["remove", "shop"],
  ])
    assert.equal(site.run("machine", ...words).status, 0);
  assert.deepEqual(readFileSync(told, "utf8").trim().split("\n"), [
    "pre-rename web1 web1",
    "post-rename shop shop",
    "pre-mark shop shop",
    "post-mark shop shop",
    "pre-remove shop shop",
    "post-remove shop shop",
  ]);
});
