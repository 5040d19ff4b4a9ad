import assert from "node:assert/strict";
import { chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { capture, listEntries, restore, type CaptureResult, type Entry } from "../../src/index.ts";
import * as libc from "../../src/host/libc.ts";
import { loopFileSystem } from "../support/file-systems.ts";
import { testPlace, type Place } from "../support/place.ts";
import { run } from "../support/run.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

const shift = 8 * 65_536;

interface Machine {
  readonly place: Place;
  readonly root: string;
  readonly take: (options?: Parameters<typeof capture>[1]) => Promise<CaptureResult>;
  readonly entries: () => Promise<Map<string, Entry>>;
}

/** A machine whose root directory belongs to `uid`. */
function makeMachine(context: TestContext, uid: number): Machine {
  const place = testPlace(context, loopFileSystem(context, 64));
  const root = join(place.paths.machinesDirectory, "web");
  mkdirSync(join(root, "etc"), { recursive: true });
  for (const path of ["", "etc"]) chownSync(join(root, path), uid, uid);
  return {
    place,
    root,
    take: (options) => capture("machine:web", { paths: place.paths, ...options }),
    entries: async () =>
      new Map(
        (await Array.fromAsync(listEntries("web", "", { paths: place.paths }))).map((entry) => [entry.path, entry]),
      ),
  };
}

function file(path: string, uid: number, gid: number): void {
  writeFileSync(path, "content");
  chownSync(path, uid, gid);
}

/** `security.capability` of revision 3, with a root id. */
function setCapability(path: string, rootId: number): void {
  const value = Buffer.alloc(24);
  value.writeUInt32LE(0x0300_0001, 0);
  value.writeUInt32LE(0x2000, 4);
  value.writeUInt32LE(rootId, 20);
  assert.equal(libc.lsetxattr(libc.cString(path), libc.cString("security.capability"), value, value.length, 0), 0);
}

const capabilityOf = (entry: Entry | undefined): string => {
  const value = entry?.xattrs.find(({ name }) => name === "security.capability")?.value;
  return value === undefined
    ? "none"
    : `${value.length} ${value.length === 24 ? Buffer.from(value).readUInt32LE(20) : ""}`.trim();
};

test("capture() of a machine takes its uid range off owners, ACLs and capabilities", asRoot, async (context) => {
  const { root, place, take, entries } = makeMachine(context, shift);
  file(join(root, "root"), shift, shift);
  file(join(root, "user"), shift + 1000, shift + 65_535);
  mkdirSync(join(root, "dir"));
  chownSync(join(root, "dir"), shift + 5, shift + 6);
  symlinkSync("user", join(root, "link"));
  lchownSync(join(root, "link"), shift + 7, shift + 8);
  run("setfacl", "-m", `u:${shift + 1234}:rw,g:${shift + 4321}:r`, join(root, "user"));
  run("setfacl", "-m", `u:${shift + 1234}:rwx,d:u:${shift + 99}:rwx`, join(root, "dir"));
  file(join(root, "ping"), shift, shift);
  setCapability(join(root, "ping"), shift);
  const result = await take();
  assert.deepEqual(result.manifest.tail.warnings, []);
  assert.equal(result.manifest.head.ownerShift, shift);
  assert.deepEqual([result.name.name, result.name.kind], ["web", "machine"]);
  const found = await entries();
  const owners = Object.fromEntries([...found].map(([path, { uid, gid }]) => [path, `${uid}:${gid}`]));
  assert.deepEqual(owners, {
    "": "0:0",
    dir: "5:6",
    etc: "0:0",
    link: "7:8",
    ping: "0:0",
    root: "0:0",
    user: "1000:65535",
  });
  assert.equal(capabilityOf(found.get("ping")), "20", "a plain capability of root");

  // What a machine without a shift would have given has the same digest.
  const copy = join(place.directory, "copy");
  await restore("web", copy, { paths: place.paths });
  const acl = run("getfacl", "-cnp", join(copy, "user"), join(copy, "dir"));
  for (const line of ["user:1234:rw-", "group:4321:r--", "user:1234:rwx", "default:user:99:rwx"])
    assert.match(acl, new RegExp(line));
  const again = await capture(copy, { paths: place.paths, name: "plain" });
  assert.equal(again.manifest.tail.tree.digest, result.manifest.tail.tree.digest);
});

test("capture() of a machine keeps ids outside its range and lists them, again and again", asRoot, async (context) => {
  const { root, take, entries } = makeMachine(context, shift);
  file(join(root, "below"), 1000, shift);
  file(join(root, "above"), shift, shift + 65_536);
  mkdirSync(join(root, "foreign-directory"));
  file(join(root, "acl"), shift, shift);
  run("setfacl", "-m", `u:77:rw`, join(root, "acl"));
  file(join(root, "capability"), shift, shift);
  setCapability(join(root, "capability"), 33);
  symlinkSync("x", join(root, "link"));
  file(join(root, "own"), shift + 1, shift + 1);
  const listed = ({ manifest }: CaptureResult): string[] =>
    manifest.tail.warnings
      .filter(({ kind }) => kind === "outside-owner-range")
      .map(({ path }) => path ?? "")
      .toSorted();
  const expected = ["above", "acl", "below", "capability", "foreign-directory", "link"];
  assert.deepEqual(listed(await take()), expected);
  const found = await entries();
  assert.deepEqual(
    [found.get("below")?.uid, found.get("below")?.gid, found.get("above")?.gid, found.get("own")?.uid],
    [1000, 0, shift + 65_536, 1],
  );
  assert.equal(capabilityOf(found.get("capability")), "24 33");
  await new Promise((resolve) => void setTimeout(resolve, 2100));
  await take();
  const cached = await take();
  assert.equal(cached.unchangedFiles, 1, "the one file that there is nothing to say about");
  assert.deepEqual(listed(cached), expected, "a second capture says so too");
});

test("capture() of a machine whose root belongs to no start of a range shifts nothing", asRoot, async (context) => {
  for (const uid of [0, 1000]) {
    const { root, take, entries } = makeMachine(context, uid);
    file(join(root, "user"), 1000, 1000);
    const { manifest } = await take();
    assert.equal(manifest.head.ownerShift, 0);
    assert.deepEqual(manifest.tail.warnings, []);
    assert.equal((await entries()).get("user")?.uid, 1000);
  }
});

test(
  "capture() of a machine keeps the text of its .nspawn file, and says that it was at rest",
  asRoot,
  async (context) => {
    const { place, take } = makeMachine(context, 0);
    const without = await take();
    assert.equal(without.manifest.head.facts.configuration, undefined);
    mkdirSync(place.paths.nspawnDirectory, { recursive: true });
    const text = "[Exec]\nPrivateUsers=pick\n\n[Files]\nBind=/srv/größe\n";
    writeFileSync(join(place.paths.nspawnDirectory, "web.nspawn"), text);
    const { manifest } = await take();
    assert.equal(manifest.head.facts.configuration?.text, text);
    assert.equal(manifest.tail.consistency, "filesystem");
    assert.equal(manifest.head.hostFacts, undefined, "facts of the host are taken for / only");
  },
);

test("capture() of a machine's shifted tree changes nothing in it", asRoot, async (context) => {
  const { root, take } = makeMachine(context, shift);
  file(join(root, "user"), shift + 1000, shift + 1000);
  const before = snapshotTree(root);
  await take();
  assert.deepEqual(snapshotTree(root), before);
});
