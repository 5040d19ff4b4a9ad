import assert from "node:assert/strict";
import { test } from "node:test";
import { describeBlobStore } from "../../src/image/blob-store/blob-store.contract.ts";
import { directoryBlobStore } from "../../src/image/blob-store/directory-blob-store.ts";
import { ForgetfulDisk, PowerLostError } from "./forgetful-disk.ts";

describeBlobStore("directoryBlobStore() on a ForgetfulDisk", () => ({
  blobs: directoryBlobStore("/var/store", new ForgetfulDisk().files()),
  end: () => undefined,
}));

test("ForgetfulDisk forgets a name whose directory was not synced, and bytes that were not", async () => {
  const disk = new ForgetfulDisk();
  const files = disk.files();
  await files.makeDirectory("/a");
  await files.createSynced("/a/synced", [Buffer.from("kept")]);
  assert.deepEqual(disk.afterPowerLoss().paths, []);
  await files.link("/a/synced", "/a/linked");
  await files.syncDirectory("/a");
  await files.unlink("/a/synced");
  assert.deepEqual(disk.paths, ["/a/linked"]);
  const after = disk.afterPowerLoss();
  assert.deepEqual(after.paths, ["/a/linked", "/a/synced"]);
  assert.deepEqual(await after.files().read("/a/linked", 0, 10), Buffer.from("kept"));
  assert.deepEqual(disk.afterPowerLoss(() => true).paths, ["/a/linked"]);
});

test("ForgetfulDisk forgets a directory whose parent was not synced, with all that was synced in it", async () => {
  const disk = new ForgetfulDisk();
  await assert.rejects(disk.files(2).makeDirectory("/a"), PowerLostError);
  const files = disk.files();
  await files.createSynced("/a/file", [Buffer.from("x")]);
  await files.syncDirectory("/a");
  assert.deepEqual(disk.afterPowerLoss().paths, []);
  await files.syncDirectory("/");
  assert.deepEqual(disk.afterPowerLoss().paths, ["/a/file"]);
});

test("ForgetfulDisk lets nothing happen from the change on at which it dies", async () => {
  const disk = new ForgetfulDisk();
  await disk.files().makeDirectory("/a");
  const files = disk.files(2);
  await assert.rejects(files.createSynced("/a/file", [Buffer.from("whole")]), PowerLostError);
  await assert.rejects(files.unlink("/a/file"), PowerLostError);
  await assert.rejects(files.read("/a/file", 0, 1), PowerLostError);
  assert.deepEqual(disk.paths, ["/a/file"]);
  assert.deepEqual(await disk.files().read("/a/file", 0, 10), Buffer.alloc(0));
});

test("settle() makes an object durable, whose writer died before it was", async () => {
  const disk = new ForgetfulDisk();
  const undisturbed = disk.copy().files();
  await directoryBlobStore("/store", undisturbed).put("packs/ab/one", [Buffer.from("x")]);
  // The last change removes the temporary file, the one before makes the new name durable.
  const dying = directoryBlobStore("/store", disk.files(undisturbed.changes() - 1));
  await assert.rejects(dying.put("packs/ab/one", [Buffer.from("x")]), PowerLostError);
  const blobs = directoryBlobStore("/store", disk.files());
  assert.deepEqual(await blobs.get("packs/ab/one"), Buffer.from("x"));
  assert.equal(await directoryBlobStore("/store", disk.afterPowerLoss().files()).get("packs/ab/one"), undefined);
  await blobs.settle("packs/ab/");
  const after = directoryBlobStore("/store", disk.afterPowerLoss().files());
  assert.deepEqual(await after.get("packs/ab/one"), Buffer.from("x"));
});

test("ForgetfulDisk keeps copies apart", async () => {
  const disk = new ForgetfulDisk();
  await disk.files().makeDirectory("/a");
  const copy = disk.copy();
  await copy.files().createSynced("/a/file", [Buffer.from("x")]);
  assert.deepEqual(disk.paths, []);
  assert.deepEqual(copy.paths, ["/a/file"]);
});
