import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { directoryBlobStore } from "../../src/image/blob-store/directory-blob-store.ts";
import { sealObject } from "../../src/image/format/sealed-object.ts";
import {
  checkStore,
  listImages,
  pruneStore,
  removeImage,
  repairStore,
  restore,
  showImage,
  storeStats,
  verifyImage,
} from "../../src/index.ts";
import { directory, HandMadeStore } from "../support/hand-made-image.ts";
import { testPlace } from "../support/place.ts";

const root = directory("");

test("objects that name others by paths touch nothing outside the store", async (context) => {
  const place = testPlace(context);
  using hand = await HandMadeStore.make(directoryBlobStore(place.paths.store), join(place.directory, "hand-cache"));
  const { paths } = place;
  const image = await hand.putImage("base", { entries: [root] });
  mkdirSync(join(place.directory, "outside"));
  const victims = ["victim", "victim.0", "victim.1", "victim.2"].map((name) => join(place.directory, "outside", name));
  for (const victim of victims) writeFileSync(victim, "canary");
  const climb = "../../../outside/victim";
  const climbs = [climb, `../${climb}`, `../../${climb}`, `${place.directory}/outside/victim`];
  const blobs = hand.store.blobs;
  const record = {
    image,
    name: "evil",
    tag: "1",
    kind: "directory",
    capturedAt: new Date(0).toISOString(),
    consistency: "fuzzy",
    entries: 0,
    files: 0,
    bytes: 0,
    newBytes: 0,
    storedBytes: 0,
  };
  for (const [at, path] of climbs.entries()) {
    await blobs.put(`names/evil/${at + 1}`, [sealObject("name", { ...record, name: "..", tag: path })]);
    await blobs.put(`names/bad/${at + 1}`, [
      sealObject("name", { ...record, name: "bad", tag: String(at + 1), image: path }),
    ]);
  }
  await blobs.put(`condemned/${"0".repeat(32)}.1`, [
    sealObject("condemned", {
      id: climb,
      condemnedAt: new Date(0).toISOString(),
      packs: climbs,
      images: climbs,
      waitsFor: [],
    }),
  ]);
  await blobs.put(`sessions/${"0".repeat(32)}.0`, [
    sealObject("session", {
      id: climb,
      sequence: 0,
      renewedAt: new Date().toISOString(),
      graceMs: 1000,
      owner: {},
      images: [climb],
      purpose: "evil",
    }),
  ]);
  const ways = [
    () => listImages({ paths }),
    () => removeImage(`@${image.slice(0, 12)}`, { paths }),
    () => removeImage("evil:1", { paths }),
    () => showImage("bad:2", { paths }),
    () => restore("bad:2", join(place.directory, "target"), { paths }),
    () => verifyImage("bad:2", { paths }),
    () => storeStats({ paths }),
    () => pruneStore({ paths }),
    () => checkStore({ paths }),
    () => repairStore({ paths }),
    () => pruneStore({ paths }),
  ];
  for (const [number, way] of ways.entries()) {
    await way().catch((error: Error & { code?: string }) => {
      assert.equal(typeof error.code, "string", `way ${number}: ${error.message}`);
    });
    for (const victim of victims) assert.ok(existsSync(victim), `way ${number} removed ${victim}`);
  }
  assert.deepEqual((await checkStore({ paths })).damages, [], "repair took the bad objects away");
  assert.equal((await showImage("base", { paths })).name.image, image);
});
