import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { tryLockFile } from "../../src/host/file-locks.ts";
import { findTool } from "../../src/host/processes.ts";
import { mount } from "../support/file-systems.ts";
import { run } from "../support/run.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { makeMachine, makeSite, put, type Site } from "../support/two-sites.ts";

const sizeMib = 8;

/** A site whose machines lie on a file system of their own. */
function siteOn(context: TestContext, ...makeFileSystem: readonly string[]): Site {
  const site = makeSite(context);
  const image = join(site.directory, "image");
  writeFileSync(image, "");
  truncateSync(image, 400 * 1024 * 1024);
  const [program = "", ...words] = makeFileSystem;
  run(program, ...words, image);
  mount(context, join(site.directory, "machines"), "-o", "loop", image);
  run("chmod", "0700", join(site.directory, "machines"));
  return site;
}

function cloneOf(site: Site, ...words: readonly string[]): { readonly way: string; readonly consistency: string } {
  const { status, document } = site.document("machine", "clone", ...words);
  assert.equal(status, 0, JSON.stringify(document));
  return document as { way: string; consistency: string };
}

/** Bytes of a file that it has in common with others. */
function sharesBlocks(path: string): boolean {
  return run("filefrag", "-v", path).includes("shared");
}

const data = Buffer.alloc(sizeMib * 1024 * 1024, "content that is written once");
const without = (tool: string) => ({ skip: asRoot.skip || (findTool(tool) ? false : `needs ${tool}`) });

test(
  "a clone on btrfs is a snapshot: of one instant while its source runs, and removed with its job",
  without("mkfs.btrfs"),
  (context) => {
    const site = siteOn(context, "mkfs.btrfs", "-q");
    run("btrfs", "subvolume", "create", site.machine("web1"));
    makeMachine(site, "web1");
    put(join(site.machine("web1"), "srv/data"));
    writeFileSync(join(site.machine("web1"), "srv/data"), data);
    run("sync", "-f", site.machine("web1"));
    const isSubvolume = (name: string): boolean =>
      run("btrfs", "subvolume", "list", join(site.directory, "machines")).includes(`path ${name}\n`);
    assert.deepEqual(
      [cloneOf(site, "web1", "halted"), cloneOf(site, "web1", "named", "--snapshot", "golden")].map(
        ({ way, consistency }) => [way, consistency],
      ),
      [
        ["snapshot", "filesystem"],
        ["snapshot", "filesystem"],
      ],
    );
    assert.ok(isSubvolume("halted") && isSubvolume(".rehome-snapshots/web1/golden"));
    {
      using lock = tryLockFile(join(site.directory, "machines/.#web1.lck"));
      assert.ok(lock);
      assert.equal(cloneOf(site, "web1", "live", "--live").consistency, "crash");
    }
    assert.ok(sharesBlocks(join(site.machine("live"), "srv/data")));
    assert.deepEqual(readFileSync(join(site.machine("live"), "srv/data")), data);
    const { jobs } = site.document("job", "list").document as { jobs: { id: string }[] };
    for (const { id } of jobs) assert.equal(site.run("job", "undo", id).status, 0);
    assert.equal(run("btrfs", "subvolume", "list", join(site.directory, "machines")).trim().split("\n").length, 1);

    cloneOf(site, "web1", "again", "--snapshot", "later");
    // A subvolume in it would be an empty directory in a snapshot.
    run("btrfs", "subvolume", "create", join(site.machine("web1"), "inner"));
    put(join(site.machine("web1"), "inner/file"), "kept");
    run("btrfs", "subvolume", "create", join(site.machine("web1"), "inner/most"));
    run("btrfs", "property", "set", join(site.machine("web1"), "inner"), "ro", "true");
    assert.equal(cloneOf(site, "web1", "copied").way, "copy");
    assert.equal(readFileSync(join(site.machine("copied"), "inner/file"), "utf8"), "kept");

    // All of it goes as the machine is removed, whatever it is made of.
    run("btrfs", "property", "set", "-f", join(site.directory, "machines/.rehome-snapshots/web1/later"), "ro", "true");
    const removed = site.run("machine", "remove", "web1");
    assert.equal(removed.status, 0, removed.stderr);
    assert.deepEqual(readdirSync(join(site.directory, "machines")).toSorted(), [
      ".rehome-snapshots",
      "again",
      "copied",
    ]);
    assert.deepEqual(readdirSync(join(site.directory, "machines/.rehome-snapshots")), []);
    assert.match(run("btrfs", "subvolume", "list", join(site.directory, "machines")), /^ID .* path again\n$/);
  },
);

test("a clone on XFS shares its blocks; on ext4 it is a copy", without("mkfs.xfs"), (context) => {
  for (const [isShared, ...words] of [
    [true, "mkfs.xfs", "-q", "-m", "reflink=1"],
    [false, "mkfs.ext4", "-q"],
  ] as const) {
    const site = siteOn(context, ...words);
    makeMachine(site, "web1");
    mkdirSync(join(site.machine("web1"), "srv"));
    writeFileSync(join(site.machine("web1"), "srv/data"), data);
    assert.equal(cloneOf(site, "web1", "web2").way, "copy");
    assert.equal(sharesBlocks(join(site.machine("web2"), "srv/data")), isShared);
    assert.deepEqual(readFileSync(join(site.machine("web2"), "srv/data")), data);
    assert.equal(cloneOf(site, "web1", "web3", "--snapshot", "golden").consistency, "filesystem");
    assert.equal(sharesBlocks(join(site.machine("web3"), "srv/data")), isShared);
  }
});
