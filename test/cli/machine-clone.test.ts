import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tryLockFile } from "../../src/host/file-locks.ts";
import { run } from "../support/run.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { makeMachine, makeSite, put, type Site } from "../support/two-sites.ts";
import { assertDocument } from "./documents.ts";

interface Clone {
  readonly uuid: string;
  readonly consistency: string;
  readonly way: string;
  readonly takesSnapshot: boolean;
}

function clone(site: Site, ...words: readonly string[]): Clone {
  const { status, document } = site.document("machine", "clone", ...words);
  assert.equal(status, 0, JSON.stringify(document));
  assertDocument("machine-clone", document);
  return document as Clone;
}

const record = (site: Site, name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(site.directory, "state/machines", `${name}.json`), "utf8")) as Record<string, unknown>;

test(
  "a clone is another machine: its own id, name and uuid, with the files and settings of its source",
  asRoot,
  (context) => {
    const site = makeSite(context);
    makeMachine(site, "web1", "[Exec]\nBoot=yes\nPrivateUsers=524288:65536\nHostname=web1\nMachineID=abc\n");
    put(join(site.machine("web1"), "etc/hosts"), "127.0.1.1 web1\n");
    put(join(site.machine("web1"), "srv/data"), "content");
    put(join(site.machine("web1"), "var/lib/systemd/random-seed"), "seed");
    run("setfattr", "-n", "user.note", "-v", "kept", join(site.machine("web1"), "srv/data"));
    symlinkSync("/nowhere", join(site.machine("web1"), "srv/link"));
    put(join(site.directory, "etc/system/systemd-nspawn@web1.service.d/limits.conf"), "[Service]\nTasksMax=100\n");
    mkdirSync(join(site.autostartLink("web1"), ".."), { recursive: true });
    symlinkSync("/nowhere", site.autostartLink("web1"));

    const planned = site.document("machine", "clone", "web1", "web2", "-n");
    assertDocument("machine-clone", planned.document);
    assert.equal(site.stateOf("web2"), undefined);
    const { uuid, consistency } = clone(site, "web1", "web2", "--set", "Exec.User=b");
    assert.equal(site.stateOf("web2"), "installed");
    assert.equal(consistency, "filesystem");
    const kept = record(site, "web2");
    assert.deepEqual(
      [kept["uuid"], kept["epoch"], kept["clonedFrom"], kept["consistency"]],
      [uuid, 1, "web1", consistency],
    );
    assert.equal(readFileSync(join(site.machine("web2"), "etc/hostname"), "utf8"), "web2\n");
    assert.equal(readFileSync(join(site.machine("web2"), "etc/hosts"), "utf8"), "127.0.1.1 web2\n");
    assert.notEqual(
      readFileSync(join(site.machine("web2"), "etc/machine-id"), "utf8"),
      readFileSync(join(site.machine("web1"), "etc/machine-id"), "utf8"),
    );
    assert.notEqual(readFileSync(join(site.machine("web2"), "var/lib/systemd/random-seed"), "utf8"), "seed");
    assert.equal(run("getfattr", "--only-values", "-n", "user.note", join(site.machine("web2"), "srv/data")), "kept");
    assert.ok(lstatSync(join(site.machine("web2"), "srv/link")).isSymbolicLink());
    assert.equal(readFileSync(site.settingsFile("web2"), "utf8"), "[Exec]\nBoot=yes\nPrivateUsers=pick\nUser=b\n");
    assert.ok(existsSync(join(site.directory, "etc/system/systemd-nspawn@web2.service.d/limits.conf")));
    assert.equal(
      lstatSync(site.autostartLink("web2"), { throwIfNoEntry: false }),
      undefined,
      "it does not start with the host",
    );
    assert.equal(readFileSync(join(site.machine("web1"), "etc/hostname"), "utf8"), "web1\n", "the source is as it was");
    assert.deepEqual(readdirSync(join(site.directory, "machines")).toSorted(), ["web1", "web2"]);
  },
);

test("a machine that runs is cloned with --live alone, and the clone is on record as fuzzy", asRoot, (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  using lock = tryLockFile(join(site.directory, "machines/.#web1.lck"));
  assert.ok(lock);
  const refused = site.run("machine", "clone", "web1", "web2");
  assert.equal(refused.status, 3);
  assert.match(
    refused.stderr,
    /it is running.*\nStop it first: rehome machine stop web1; or clone it as it runs: --live/,
  );
  assert.equal(site.stateOf("web2"), undefined);
  assert.equal(clone(site, "web1", "web2", "--live").consistency, "fuzzy");
  assert.equal(record(site, "web2")["consistency"], "fuzzy");
});

test(
  "clone refuses names in use, machines of other sites, and detached ones with the hint to attach or remove",
  asRoot,
  (context) => {
    const site = makeSite(context);
    makeMachine(site, "web1");
    makeMachine(site, "other");
    makeMachine(site, "gone");
    assert.equal(site.run("machine", "detach", "gone").status, 0);
    const refused = (...words: readonly string[]): string => {
      const { status, stderr } = site.run("machine", "clone", ...words);
      assert.equal(status, 3, stderr);
      return stderr;
    };
    assert.match(refused("web1", "other"), /a machine of that name is installed here/);
    for (const words of [
      ["gone", "new"],
      ["web1", "gone"],
    ])
      assert.match(refused(...words), /it is detached.*\nAttach it \(rehome machine attach gone\) or remove it/);
    assert.match(refused("nobody", "new"), /no machine of that name/);
    assert.equal(site.run("machine", "clone", "web1", "../x").status, 2);
    const file = join(site.directory, "state/machines/web1.json");
    writeFileSync(file, JSON.stringify({ name: "web1", uuid: "0".repeat(32), epoch: 3, owner: "f".repeat(32) }));
    assert.match(refused("web1", "new"), /cannot clone web1: it is owned by site f+/);
    assert.equal(site.stateOf("new"), undefined);
  },
);

test("clones of one snapshot show one moment; a foreign and an out-dated one are refused", asRoot, (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  makeMachine(site, "web9");
  put(join(site.machine("web9"), "etc/machine-id"), `${"f".repeat(32)}\n`);
  put(join(site.machine("web1"), "srv/data"), "first");
  assert.ok(clone(site, "web1", "web2", "--snapshot", "golden").takesSnapshot);
  writeFileSync(join(site.machine("web1"), "srv/data"), "second");
  {
    using lock = tryLockFile(join(site.directory, "machines/.#web1.lck"));
    assert.ok(lock, "from a snapshot also while it runs");
    const { takesSnapshot, consistency } = clone(site, "web1", "web3", "--snapshot", "golden");
    assert.deepEqual([takesSnapshot, consistency], [false, "filesystem"]);
  }
  assert.equal(readFileSync(join(site.machine("web3"), "srv/data"), "utf8"), "first");
  assert.deepEqual(readdirSync(join(site.machine("web3"), ".rehome")), ["owner.json"]);
  assert.deepEqual(Object.keys(site.document("machine", "list").document as object), ["machines"]);

  const refused = (...words: readonly string[]): string => {
    const { status, stderr } = site.run("machine", "clone", ...words);
    assert.equal(status, 3, stderr);
    return stderr;
  };
  const snapshot = join(site.directory, "machines/.rehome-snapshots/web1/golden");
  assert.match(refused("web9", "web4", "--snapshot", snapshot), /it is of web1/);
  assert.match(refused("web1", "web4", "--snapshot", site.machine("web9")), /was not taken by/);
  for (const words of [
    ["detach", "web1"],
    ["attach", "web1"],
  ])
    assert.equal(site.run("machine", ...words).status, 0);
  assert.match(refused("web1", "web4", "--snapshot", "golden"), /out-dated, the machine's ownership has changed/);
  assert.equal(site.stateOf("web4"), undefined);
});

test("undo removes a clone that nobody has used, and no other", asRoot, (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  const job = (): string => (site.document("job", "list").document as { jobs: { id: string }[] }).jobs[0]?.id ?? "";
  clone(site, "web1", "web2", "--snapshot", "golden");
  assert.equal(site.run("job", "undo", job()).status, 0);
  assert.deepEqual([site.stateOf("web2"), existsSync(site.settingsFile("web2"))], [undefined, false]);
  assert.deepEqual(readdirSync(join(site.directory, "machines")).toSorted(), [".rehome-snapshots", "web1"]);
  assert.deepEqual(readdirSync(join(site.directory, "machines/.rehome-snapshots/web1")), []);
  clone(site, "web1", "web3");
  put(join(site.machine("web3"), "srv/work"), "mine");
  const refused = site.run("job", "undo", job());
  assert.match(refused.stderr, /its files have changed since/);
  assert.equal(site.stateOf("web3"), "installed");
  assert.ok(statSync(join(site.machine("web3"), "srv/work")).isFile());
});

test("hooks run around a clone, and are told of which machine it is one", asRoot, (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  const told = join(site.directory, "told");
  for (const when of ["pre-clone", "post-clone"]) {
    const path = join(site.directory, "hooks", `${when}.d/hook`);
    put(path, `#!/bin/sh\necho "$REHOME_HOOK $REHOME_SOURCE $REHOME_MACHINE $REHOME_ROOT" >> ${told}\n`);
    run("chmod", "755", path);
  }
  clone(site, "web1", "web2");
  const rest = `web1 web2 ${site.machine("web2")}`;
  assert.equal(readFileSync(told, "utf8"), `pre-clone ${rest}\npost-clone ${rest}\n`);
});
