import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { ChunkId, Entry } from "../../src/core/tree/entry.ts";
import { directoryBlobStore } from "../../src/image/blob-store/directory-blob-store.ts";
import {
  diffTree,
  listEntries,
  readFileOf,
  RehomeError,
  restore,
  verifyImage,
  type ErrorCode,
} from "../../src/index.ts";
import { atEnd } from "../support/at-end.ts";
import { directory, entry, HandMadeStore, link, type ImageParts } from "../support/hand-made-image.ts";
import { testPlace, type Place } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot, removeTree } from "../support/temporary-directory.ts";

const refusals: ReadonlySet<ErrorCode> = new Set([
  "FORMAT_INVALID",
  "FORMAT_UNKNOWN",
  "OBJECT_DAMAGED",
  "OBJECT_MISSING",
]);

interface Trap {
  readonly place: Place;
  readonly hand: HandMadeStore;
  /** Restores go to `target` in here; everything else here is a canary. */
  readonly ground: string;
  readonly target: string;
}

async function setTrap(context: TestContext): Promise<Trap> {
  const place = testPlace(context);
  const hand = await HandMadeStore.make(directoryBlobStore(place.paths.store), join(place.directory, "hand-cache"));
  atEnd(context, () => hand[Symbol.dispose]());
  const ground = join(place.directory, "ground");
  mkdirSync(join(ground, "outside"), { recursive: true });
  writeFileSync(join(ground, "outside", "canary"), "canary");
  writeFileSync(join(ground, "canary"), "canary");
  return { place, hand, ground, target: join(ground, "target") };
}

/** Restores an image and returns how that was refused; whatever happens, nothing outside the target may change. */
async function refusal(
  { place, ground, target }: Trap,
  image: string,
  options: Parameters<typeof restore>[2] = {},
): Promise<RehomeError | undefined> {
  const before = [snapshotTree(join(ground, "outside")), snapshotTree(join(ground, "canary"))];
  let refused: RehomeError | undefined;
  try {
    await restore(image, target, { paths: place.paths, ...options });
  } catch (error) {
    assert.ok(error instanceof RehomeError, `${image}: ${String(error)}`);
    refused = error;
  }
  assert.deepEqual([snapshotTree(join(ground, "outside")), snapshotTree(join(ground, "canary"))], before, image);
  return refused;
}

/** Every way to read an image must refuse it or come to an end; none may fail in an untyped way. */
async function readInEveryWay({ place: { paths }, ground }: Trap, image: string): Promise<void> {
  const ways = [
    () => Array.fromAsync(listEntries(image, "", { paths })),
    () => Array.fromAsync(listEntries(image, "a/b", { paths })),
    () => Array.fromAsync(readFileOf(image, "z", { paths })),
    () => verifyImage(image, { paths }),
    () => Array.fromAsync(diffTree(image, join(ground, "outside"), { paths })),
  ];
  for (const way of ways)
    await way().catch((error: unknown) => {
      assert.ok(error instanceof RehomeError, `${image}: ${String(error)}`);
    });
}

async function assertRefused(trap: Trap, cases: Readonly<Record<string, ImageParts>>): Promise<void> {
  let number = 0;
  for (const [what, parts] of Object.entries(cases)) {
    const image = `case-${++number}`;
    await trap.hand.putImage(image, parts);
    const refused = await refusal(trap, image);
    assert.ok(
      refused !== undefined && refusals.has(refused.code),
      `${what}: ${refused === undefined ? "restored" : `${refused.code} ${refused.message}`}`,
    );
    assert.ok(!readdirSync(trap.ground).includes("target"), `${what}: a target was published`);
    assert.ok((await refusal(trap, image, { path: "a" })) !== undefined, `${what}: restored in part`);
    await readInEveryWay(trap, image);
    for (const name of readdirSync(trap.ground)) if (name.startsWith(".target")) removeTree(join(trap.ground, name));
  }
}

const root = directory("");
const symlink = (path: string, target: string): Entry =>
  entry(path, { kind: "symlink", target: target as Entry["path"] });
const empty = (path: string): Entry => entry(path, { kind: "file", sizeBytes: 0, pieces: [] });

test("restore() refuses names that lead out of the root", asRoot, async (context) => {
  const trap = await setTrap(context);
  const names = [
    "..",
    "../canary",
    "../outside/canary",
    "a/../../canary",
    ".",
    "./x",
    "a/.",
    "a/./b",
    "/",
    "/etc/x",
    "//",
    "x//y",
    "x/",
    "x\0y",
    "n".repeat(4097),
  ];
  await assertRefused(
    trap,
    Object.fromEntries(
      names.map((name) => [JSON.stringify(name).slice(0, 40), { entries: [root, directory("a"), empty(name)] }]),
    ),
  );
  await assertRefused(trap, { "an over-long path": { segments: [rawPath("p/".repeat(600_000) + "p")] } });
});

test("restore() refuses entries that lie in no directory, are out of order or come twice", asRoot, async (context) => {
  const trap = await setTrap(context);
  await assertRefused(trap, {
    "no root": { entries: [directory("a")] },
    "no entries": { entries: [] },
    "a root that is a file": { entries: [empty("")] },
    "a root that is a symlink": { entries: [symlink("", "outside")] },
    "a second root": { entries: [root, directory("")] },
    "a file twice": { entries: [root, empty("a"), empty("a")] },
    "a symlink, then a directory of that name": {
      entries: [root, symlink("a", "../outside"), directory("a"), empty("a/canary")],
    },
    "children before their directory": { entries: [root, empty("a/b"), directory("a")] },
    "names out of order": { entries: [root, empty("b"), empty("a")] },
    "bytewise order of whole paths": { entries: [root, directory("a"), empty("a-b"), empty("a/b")] },
    "a file through a symlink": { entries: [root, symlink("a", "../outside"), empty("a/canary")] },
    "a directory through a symlink": { entries: [root, symlink("a", "../outside"), directory("a/new")] },
    "a file in a file": { entries: [root, empty("a"), empty("a/b")] },
    "a file in a directory that was left": {
      entries: [root, directory("a"), directory("b"), empty("b/x"), empty("c/x")],
    },
    "a file in a directory that never was": { entries: [root, directory("a"), empty("a/b/c")] },
  });
});

test("restore() refuses links that lead out, in circles or to nothing", asRoot, async (context) => {
  const trap = await setTrap(context);
  await assertRefused(trap, {
    "up and out": { entries: [root, directory("a"), link("z", "../canary")] },
    "up and out from below": { entries: [root, directory("a"), link("z", "a/../../canary")] },
    absolute: { entries: [root, directory("a"), link("z", join(trap.ground, "canary"))] },
    "to the root": { entries: [root, directory("a"), link("z", "")] },
    "to itself": { entries: [root, directory("a"), link("z", "z")] },
    "to a later path": { entries: [root, directory("a"), link("y", "z"), empty("z")] },
    "in a circle": { entries: [root, directory("a"), link("y", "z"), link("z", "y")] },
    "to a directory": { entries: [root, directory("a"), link("z", "a")] },
    "to nothing": { entries: [root, directory("a"), link("z", "a/none")] },
    "through a symlink": { entries: [root, symlink("a", "../outside"), link("z", "a/canary")] },
    "through a file": { entries: [root, empty("a"), link("z", "a/b")] },
  });
});

test("readFileOf() stays in the image and comes to an end", asRoot, async (context) => {
  const { place, hand } = await setTrap(context);
  const read = async (image: string, path: string): Promise<string> =>
    Buffer.concat(await Array.fromAsync(readFileOf(image, path, { paths: place.paths }))).toString();
  const entries = [
    root,
    await hand.file("a", "inside"),
    link("b", "a"),
    symlink("climb", "../../../a"),
    symlink("loop", "loop"),
    symlink("out", "/etc/passwd"),
  ];
  await hand.putImage("links", { entries });
  assert.equal(await read("links", "b"), "inside");
  assert.equal(await read("links", "climb"), "inside", "as the system itself would see it");
  await assert.rejects(read("links", "loop"), { code: "PATH_NOT_FOUND" });
  await assert.rejects(read("links", "out"), { code: "PATH_NOT_FOUND" });
  await hand.putImage("circle", { entries: [root, link("b", "c"), link("c", "b")] });
  await assert.rejects(read("circle", "c"), { code: "PATH_NOT_FOUND" });
});

test("restore() refuses content that does not fit its record", asRoot, async (context) => {
  const trap = await setTrap(context);
  const piece = await trap.hand.putChunk(Buffer.from("ten bytes."));
  const file = (sizeBytes: number, ...pieces: (Entry & { kind: "file" })["pieces"]): ImageParts => ({
    entries: [root, entry("a", { kind: "file", sizeBytes, pieces })],
  });
  const absent = { ...piece, id: "ab".repeat(32) as ChunkId };
  await assertRefused(trap, {
    "a chunk longer than it is": file(11, { ...piece, lengthBytes: 11 }),
    "a chunk shorter than it is": file(9, { ...piece, lengthBytes: 9 }),
    "a chunk that is nowhere": file(10, absent),
    "more pieces than the size": file(15, piece, piece),
    "fewer pieces than the size": file(25, piece, piece),
    "an empty piece": file(10, { ...piece, lengthBytes: 0 }, piece),
    "an empty hole": file(10, { kind: "hole", lengthBytes: 0 }, piece),
    "a sum beyond 2^53": file(
      Number.MAX_SAFE_INTEGER,
      { kind: "hole", lengthBytes: 2 ** 52 - 1 },
      { kind: "hole", lengthBytes: 2 ** 52 - 1 },
      piece,
    ),
    "a chunk beyond the limit": file(8 * 1024 * 1024, { ...piece, lengthBytes: 8 * 1024 * 1024 }),
  });
  await trap.hand.putImage("far", file(2 ** 52 - 1, { kind: "hole", lengthBytes: 2 ** 52 - 1 }));
  assert.equal((await refusal(trap, "far"))?.code, "SYSTEM_CALL", "no file system holds that");
});

/** One record with this path, in 3-byte lengths. */
function rawPath(path: string): Buffer {
  return Buffer.concat([
    Buffer.from([0]),
    varint(path.length),
    Buffer.from(path, "latin1"),
    Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]),
  ]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) | 128);
  }
}
