import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BlobStore } from "./blob-store.ts";

/** A store to test, empty, and what ends it. */
export interface StoreUnderTest {
  readonly blobs: BlobStore;
  readonly end: () => Promise<void> | void;
}

/** Tests that `make` gives stores that keep the contract of {@link BlobStore}. */
export function describeBlobStore(name: string, make: () => Promise<StoreUnderTest> | StoreUnderTest): void {
  const check = (what: string, work: (blobs: BlobStore) => Promise<void>): void => {
    test(what, async () => {
      const { blobs, end } = await make();
      try {
        await work(blobs);
      } finally {
        await end();
      }
    });
  };

  describe(`${name} as a BlobStore`, () => {
    check("put() makes an object that get() returns", async (blobs) => {
      assert.equal(await blobs.put("store.json", [Buffer.from("one")]), true);
      assert.deepEqual(await blobs.get("store.json"), Buffer.from("one"));
    });

    check("put() changes nothing and returns false, when the key is taken", async (blobs) => {
      await blobs.put("names/web/1", [Buffer.from("first")]);
      assert.equal(await blobs.put("names/web/1", [Buffer.from("second")]), false);
      assert.deepEqual(await blobs.get("names/web/1"), Buffer.from("first"));
    });

    check("put() returns true for just one of many at once", async (blobs) => {
      for (let round = 0; round < 8; round++) {
        const bodies = Array.from({ length: 8 }, (_, at) => Buffer.alloc(10_000 + at, at));
        const won = await Promise.all(bodies.map((body) => blobs.put(`names/race/${round}`, [body])));
        assert.equal(won.filter(Boolean).length, 1, `round ${round}`);
        assert.deepEqual(await blobs.get(`names/race/${round}`), bodies[won.indexOf(true)]);
      }
    });

    check("put() takes a deleted key again", async (blobs) => {
      await blobs.put("names/web/1", [Buffer.from("first")]);
      await blobs.delete("names/web/1");
      assert.equal(await blobs.put("names/web/1", [Buffer.from("second")]), true);
      assert.deepEqual(await blobs.get("names/web/1"), Buffer.from("second"));
    });

    check("put() joins many parts, more than one call of writev takes", async (blobs) => {
      const parts = Array.from({ length: 2500 }, (_, at) => Buffer.from(`${at},`));
      await blobs.put("packs/ab/many", parts);
      assert.deepEqual(await blobs.get("packs/ab/many"), Buffer.concat(parts));
    });

    check("put() keeps an empty object, of no part or an empty one", async (blobs) => {
      assert.equal(await blobs.put("empty/none", []), true);
      assert.equal(await blobs.put("empty/one", [new Uint8Array(0)]), true);
      assert.deepEqual(await blobs.get("empty/none"), Buffer.alloc(0));
      assert.deepEqual(await blobs.get("empty/one"), Buffer.alloc(0));
      assert.equal(await blobs.put("empty/none", [Buffer.from("x")]), false);
    });

    check("put() keeps every byte value, and parts that are views", async (blobs) => {
      const all = Uint8Array.from({ length: 1024 }, (_, at) => at & 0xff);
      await blobs.put("packs/00/bytes", [all.subarray(3, 700), all.subarray(700)]);
      assert.deepEqual(await blobs.get("packs/00/bytes"), Buffer.from(all.subarray(3)));
    });

    check("put() is seen whole or not at all", async (blobs) => {
      const body = Buffer.alloc(8 * 1024 * 1024, 7);
      const state = { isPut: false };
      const put = blobs.put("packs/ff/large", [body]).finally(() => (state.isPut = true));
      do {
        const seen = await blobs.get("packs/ff/large");
        assert.ok(seen === undefined || seen.length === body.length, `${seen?.length} bytes were seen`);
      } while (!state.isPut);
      await put;
      assert.ok(body.equals((await blobs.get("packs/ff/large")) ?? Buffer.alloc(0)));
    });

    check("put() owes nothing to the bytes it was given, once it has returned", async (blobs) => {
      const body = Buffer.from("before");
      await blobs.put("names/a/1", [body]);
      body.fill(0);
      (await blobs.get("names/a/1"))?.fill(0);
      assert.deepEqual(await blobs.get("names/a/1"), Buffer.from("before"));
    });

    check("get() returns undefined, when there is none", async (blobs) => {
      assert.equal(await blobs.get("store.json"), undefined);
      assert.equal(await blobs.get("names/web/1"), undefined);
      await blobs.put("names/web/1", [Buffer.from("x")]);
      assert.equal(await blobs.get("names/web/2"), undefined);
      assert.equal(await blobs.get("names/web/1/deeper"), undefined);
      assert.equal(await blobs.get("names/web/2", { offset: -4, lengthBytes: 4 }), undefined);
    });

    check("get() returns the range that is asked for, and less where the object ends", async (blobs) => {
      await blobs.put("packs/12/range", [Buffer.from("01234"), Buffer.from("56789")]);
      const range = async (offset: number, lengthBytes: number): Promise<string | undefined> =>
        (await blobs.get("packs/12/range", { offset, lengthBytes }))?.toString();
      assert.equal(await range(0, 10), "0123456789");
      assert.equal(await range(3, 4), "3456");
      assert.equal(await range(8, 10), "89");
      assert.equal(await range(10, 1), "");
      assert.equal(await range(1000, 1), "");
      assert.equal(await range(4, 0), "");
    });

    check("get() counts a negative offset from the end", async (blobs) => {
      await blobs.put("packs/12/range", [Buffer.from("0123456789")]);
      const range = async (offset: number, lengthBytes: number): Promise<string | undefined> =>
        (await blobs.get("packs/12/range", { offset, lengthBytes }))?.toString();
      assert.equal(await range(-3, 3), "789");
      assert.equal(await range(-3, 2), "78");
      assert.equal(await range(-3, 100), "789");
      assert.equal(await range(-10, 10), "0123456789");
      assert.equal(await range(-1000, 4), "0123");
    });

    check("list() yields each object below a prefix once, with its size", async (blobs) => {
      await blobs.put("store.json", [Buffer.from("{}")]);
      await blobs.put("packs/ab/one", [Buffer.alloc(300)]);
      await blobs.put("packs/cd/two", [Buffer.alloc(0)]);
      await blobs.put("names/web/1", [Buffer.from("abc")]);
      await blobs.put("names/webs/1", [Buffer.from("abcd")]);
      assert.deepEqual(await listed(blobs, ""), [
        "names/web/1 3",
        "names/webs/1 4",
        "packs/ab/one 300",
        "packs/cd/two 0",
        "store.json 2",
      ]);
      assert.deepEqual(await listed(blobs, "packs/"), ["packs/ab/one 300", "packs/cd/two 0"]);
      assert.deepEqual(await listed(blobs, "packs/ab/"), ["packs/ab/one 300"]);
      assert.deepEqual(await listed(blobs, "names/web/"), ["names/web/1 3"]);
      assert.deepEqual(await listed(blobs, "sessions/"), []);
    });

    check("list() yields what is there all the time, when others come and go", async (blobs) => {
      for (let at = 0; at < 40; at++) await blobs.put(`names/kept/${at}`, [Buffer.from("x")]);
      const state = { isChurning: true };
      const churn = (async () => {
        for (let at = 0; state.isChurning; at++) {
          await blobs.put(`names/kept/other${at}`, [Buffer.from("y")]);
          await blobs.delete(`names/kept/other${at}`);
        }
      })();
      for (let round = 0; round < 20; round++) {
        const keys = (await listed(blobs, "names/")).filter((line) => /\/\d+ 1$/.test(line));
        assert.equal(new Set(keys).size, 40);
        assert.equal(keys.length, 40);
      }
      state.isChurning = false;
      await churn;
    });

    check("delete() removes an object, and only that", async (blobs) => {
      await blobs.put("sessions/a.0", [Buffer.from("a")]);
      await blobs.put("sessions/a.1", [Buffer.from("b")]);
      await blobs.delete("sessions/a.0");
      assert.equal(await blobs.get("sessions/a.0"), undefined);
      assert.deepEqual(await listed(blobs, ""), ["sessions/a.1 1"]);
    });

    check("delete() is no error, when there is none", async (blobs) => {
      await blobs.delete("sessions/a.0");
      await blobs.put("sessions/a.0", [Buffer.from("a")]);
      await blobs.delete("sessions/b.0");
      await blobs.delete("sessions/a.0");
      await blobs.delete("sessions/a.0");
      assert.deepEqual(await listed(blobs, ""), []);
    });

    check("settle() changes nothing that can be seen, and is no error where nothing is", async (blobs) => {
      await blobs.settle("packs/ab/");
      await blobs.settle("");
      await blobs.put("packs/ab/one", [Buffer.from("x")]);
      await blobs.settle("packs/ab/");
      assert.deepEqual(await listed(blobs, ""), ["packs/ab/one 1"]);
    });

    check("removeLeftovers() leaves objects alone, and those that are being put", async (blobs) => {
      const puts = Array.from({ length: 10 }, (_, at) => blobs.put(`packs/ab/${at}`, [Buffer.alloc(100_000, at)]));
      await blobs.removeLeftovers(60_000);
      assert.ok((await Promise.all(puts)).every(Boolean));
      assert.equal((await listed(blobs, "packs/")).length, 10);
      assert.equal(await blobs.removeLeftovers(0), 0);
    });
  });
}

/** What a store lists, as `KEY SIZE`, sorted. */
async function listed(blobs: BlobStore, prefix: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { key, sizeBytes } of blobs.list(prefix)) lines.push(`${key} ${sizeBytes}`);
  return lines.toSorted();
}
