import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlobStore, ListedBlob } from "./blob-store.ts";
import { memoryBlobStore } from "./memory-blob-store.ts";
import { readAll } from "./read-all.ts";

/** A store whose listings call `during` with their number (from 1) before each object they yield, and at their end. */
function interrupted(blobs: BlobStore, during: (listing: number, key: string) => Promise<void>): BlobStore {
  let listings = 0;
  return {
    ...blobs,
    async *list(prefix): AsyncGenerator<ListedBlob> {
      const listing = ++listings;
      for await (const blob of blobs.list(prefix)) {
        await during(listing, blob.key);
        yield blob;
      }
    },
  };
}

async function texts(blobs: BlobStore): Promise<string[]> {
  return (await readAll(blobs, "sessions/")).map(({ key, bytes }) => `${key} ${bytes.toString()}`).toSorted();
}

test("readAll() reads everything below a prefix", async () => {
  const blobs = memoryBlobStore();
  await blobs.put("sessions/a.0", [Buffer.from("a")]);
  await blobs.put("sessions/b.0", [Buffer.from("b")]);
  await blobs.put("names/web/1", [Buffer.from("n")]);
  assert.deepEqual(await texts(blobs), ["sessions/a.0 a", "sessions/b.0 b"]);
  assert.deepEqual(await readAll(blobs, "condemned/"), []);
});

test("readAll() finds an object that is renewed between listing and reading", async () => {
  const blobs = memoryBlobStore();
  await blobs.put("sessions/a.0", [Buffer.from("old")]);
  const renewing = interrupted(blobs, async (listing) => {
    if (listing !== 1) return;
    await blobs.put("sessions/a.1", [Buffer.from("new")]);
    await blobs.delete("sessions/a.0");
  });
  assert.deepEqual(await texts(renewing), ["sessions/a.1 new"]);
});

test("readAll() finds an object that is renewed behind the back of a listing, under a name it had passed", async () => {
  const blobs = memoryBlobStore();
  await blobs.put("sessions/a.0", [Buffer.from("old")]);
  await blobs.put("sessions/b.0", [Buffer.from("b")]);
  let listings = 0;
  const missing: BlobStore = {
    ...blobs,
    // What a directory may yield: neither the name that went before it was reached, nor the one that came where it had been.
    async *list(prefix): AsyncGenerator<ListedBlob> {
      const isFirst = ++listings === 1;
      if (isFirst) {
        await blobs.put("sessions/a.1", [Buffer.from("new")]);
        await blobs.delete("sessions/a.0");
      }
      for await (const blob of blobs.list(prefix)) if (!isFirst || blob.key !== "sessions/a.1") yield blob;
    },
  };
  assert.deepEqual(await texts(missing), ["sessions/a.1 new", "sessions/b.0 b"]);
});

test("readAll() ends, when objects come and go only for a while", async () => {
  const blobs = memoryBlobStore();
  await blobs.put("sessions/kept.0", [Buffer.from("k")]);
  const churning = interrupted(blobs, async (listing) => {
    if (listing > 5) return;
    await blobs.put(`sessions/x.${listing}`, [Buffer.from("x")]);
    await blobs.delete(`sessions/x.${listing - 1}`);
  });
  assert.deepEqual(await texts(churning), ["sessions/kept.0 k", "sessions/x.5 x"]);
});
