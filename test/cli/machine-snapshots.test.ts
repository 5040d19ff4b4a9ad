import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { asRoot } from "../support/temporary-directory.ts";
import { makeMachine, makeSite, put, type Site } from "../support/two-sites.ts";

const snapshotsOf = (site: Site, name: string): string => join(site.directory, "machines/.rehome-snapshots", name);

const done = (site: Site, ...words: readonly string[]): string => {
  const { status, stdout, stderr } = site.run(...words);
  assert.equal(status, 0, `${words.join(" ")}: ${stderr}`);
  return stdout;
};

const refused = (site: Site, ...words: readonly string[]): string => {
  const { status, stderr } = site.run(...words);
  assert.equal(status, 3, stderr);
  return stderr;
};

/** A machine whose data has changed since its snapshot `golden` was taken. */
function siteWithSnapshot(context: TestContext): Site {
  const site = makeSite(context);
  makeMachine(site, "web1");
  put(join(site.machine("web1"), "srv/data"), "first");
  done(site, "machine", "clone", "web1", "web2", "--snapshot", "golden");
  writeFileSync(join(site.machine("web1"), "srv/data"), "second");
  return site;
}

test("snapshots go along as a machine is renamed, and stay as it is relocated", asRoot, (context) => {
  const site = siteWithSnapshot(context);
  put(join(snapshotsOf(site, "taken"), "old/file"));
  assert.match(refused(site, "machine", "rename", "web1", "taken"), /holds snapshots of another machine.*\n.*rm -r /);
  done(site, "machine", "rename", "web1", "shop");
  assert.ok(existsSync(join(snapshotsOf(site, "shop"), "golden")) && !existsSync(snapshotsOf(site, "web1")));
  mkdirSync(join(site.directory, "elsewhere"), { mode: 0o700 });
  done(site, "machine", "relocate", "shop", join(site.directory, "elsewhere/shop"));
  done(site, "machine", "clone", "shop", "web3", "--snapshot", "golden");
  assert.equal(readFileSync(join(site.machine("web3"), "srv/data"), "utf8"), "first");
  done(site, "machine", "rename", "shop", "store");
  assert.ok(existsSync(join(snapshotsOf(site, "store"), "golden")));
});

test("the plan of a removal names the snapshots that go, and --keep-data keeps them", asRoot, (context) => {
  const site = siteWithSnapshot(context);
  assert.match(done(site, "machine", "remove", "web1", "-n"), /, its snapshots \(golden\) and the configuration/);
  assert.doesNotMatch(done(site, "machine", "remove", "web1", "-n", "--keep-data"), /golden/);
  done(site, "machine", "remove", "web1", "--keep-data");
  assert.ok(existsSync(join(snapshotsOf(site, "web1"), "golden/srv/data")));
  // Nothing is on record of it any more: it is a machine like any that was found.
  done(site, "machine", "remove", "web1");
  assert.deepEqual(readdirSync(join(site.directory, "machines/.rehome-snapshots")), []);
  assert.deepEqual(readdirSync(join(site.directory, "machines")).toSorted(), [".rehome-snapshots", "web2"]);
});

test("a snapshot is out-dated once the software has changed that its machine needs of the host", asRoot, (context) => {
  const site = siteWithSnapshot(context);
  // What is needed is a matter of rules as well.
  put(join(site.directory, "validate.yaml"), "scope: {all-machines: [bash]}\n");
  assert.match(
    refused(site, "machine", "clone", "web1", "web3", "--snapshot", "golden"),
    /out-dated, the software of this host has changed since .*\nTake another: name one that does not exist yet/,
  );
  assert.equal(site.stateOf("web3"), undefined);
});
