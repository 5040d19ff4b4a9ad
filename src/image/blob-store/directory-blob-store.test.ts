import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { test, type TestContext } from "node:test";
import { describeBlobStore } from "./blob-store.contract.ts";
import { directoryBlobStore } from "./directory-blob-store.ts";
import { realDurableFiles, type DurableFiles } from "./durable-files.ts";

function temporaryDirectory(t: TestContext): string {
  const path = mkdtempSync(`${tmpdir()}/rehome-blobs-`);
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describeBlobStore("directoryBlobStore()", () => {
  const path = mkdtempSync(`${tmpdir()}/rehome-blobs-`);
  return {
    blobs: directoryBlobStore(`${path}/deep/store`),
    end: () => rmSync(path, { recursive: true }),
  };
});

test("directoryBlobStore() makes files of mode 0600 in directories of mode 0700", async (t) => {
  const path = `${temporaryDirectory(t)}/store`;
  await directoryBlobStore(path).put("packs/ab/one", [Buffer.from("x")]);
  for (const folder of ["", "/tmp", "/packs", "/packs/ab"])
    assert.equal(statSync(path + folder).mode & 0o777, 0o700, folder);
  assert.equal(statSync(`${path}/packs/ab/one`).mode & 0o777, 0o600);
});

test("directoryBlobStore() leaves no temporary file behind, whether the key was free, taken or impossible", async (t) => {
  const path = temporaryDirectory(t);
  const blobs = directoryBlobStore(path);
  await blobs.put("names/a", [Buffer.from("x")]);
  await blobs.put("names/a", [Buffer.from("y")]);
  await assert.rejects(blobs.put("names/a/b", [Buffer.from("z")]));
  await assert.rejects(blobs.put(`names/${"n".repeat(300)}`, [Buffer.from("z")]));
  assert.deepEqual(readdirSync(`${path}/tmp`), []);
});

test("put() removes its temporary file, when writing fails", async (t) => {
  const path = temporaryDirectory(t);
  const full = new Error("no space");
  const files: DurableFiles = {
    ...realDurableFiles,
    async createSynced(name, parts) {
      await realDurableFiles.createSynced(name, parts.slice(0, 1));
      throw full;
    },
  };
  const blobs = directoryBlobStore(path, files);
  await assert.rejects(blobs.put("packs/ab/one", [Buffer.from("a"), Buffer.from("b")]), full);
  assert.deepEqual(readdirSync(`${path}/tmp`), []);
  assert.equal(await blobs.get("packs/ab/one"), undefined);
});

test("removeLeftovers() removes temporary files of that age, and says how many", async (t) => {
  const path = temporaryDirectory(t);
  const blobs = directoryBlobStore(path);
  mkdirSync(`${path}/tmp`);
  for (const name of ["old1", "old2", "new"]) writeFileSync(`${path}/tmp/${name}`, "half");
  const hourAgo = new Date(Date.now() - 3_601_000);
  for (const name of ["old1", "old2"]) utimesSync(`${path}/tmp/${name}`, hourAgo, hourAgo);
  assert.equal(await blobs.removeLeftovers(3_600_000), 2);
  assert.deepEqual(readdirSync(`${path}/tmp`), ["new"]);
});

test("list() yields no temporary files, but objects of a folder that is called tmp further down", async (t) => {
  const path = temporaryDirectory(t);
  const blobs = directoryBlobStore(path);
  await blobs.put("names/tmp/1", [Buffer.from("x")]);
  writeFileSync(`${path}/tmp/half`, "half");
  const keys: string[] = [];
  for await (const { key } of blobs.list("")) keys.push(key);
  assert.deepEqual(keys, ["names/tmp/1"]);
});

test("get() and list() do not follow a symlink out of the store", async (t) => {
  const outside = temporaryDirectory(t);
  writeFileSync(`${outside}/secret`, "secret");
  const path = temporaryDirectory(t);
  const blobs = directoryBlobStore(path);
  await blobs.put("names/web/1", [Buffer.from("x")]);
  symlinkSync(`${outside}/secret`, `${path}/names/web/2`);
  symlinkSync(outside, `${path}/names/other`);
  await assert.rejects(blobs.get("names/web/2"), { code: "ELOOP" });
  const keys: string[] = [];
  for await (const { key } of blobs.list("names/")) keys.push(key);
  assert.deepEqual(keys, ["names/web/1"]);
});
