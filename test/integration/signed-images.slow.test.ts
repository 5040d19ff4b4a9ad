import assert from "node:assert/strict";
import { appendFileSync, cpSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { sha256 } from "../../src/image/chunker/decode-block.ts";
import { sealObject } from "../../src/image/format/sealed-object.ts";
import {
  capture,
  captureAsJob,
  checkStore,
  cloneServe,
  copyAsJob,
  diffTree,
  exportTar,
  listEntries,
  listMtree,
  pruneStore,
  readFileOf,
  removeImage,
  repairStore,
  restore,
  restoreAsJob,
  showImage,
  signImage,
  tagImage,
  undoJobOf,
  verifyImage,
  type JobId,
  type Paths,
} from "../../src/index.ts";
import { testPlace } from "../support/place.ts";
import { makeSigningKey, type SigningKey } from "../support/signing-key.ts";

/** A store with signed images of two systems, and a host that only uses what `alice` signed. */
interface Scene {
  readonly directory: string;
  readonly alice: SigningKey;
  readonly mallory: SigningKey;
  /** This host, which uses any image. */
  readonly paths: Paths;
  /** This host, which uses what `alice` signed. */
  readonly strict: Paths;
  readonly tree: string;
  /** Files of the store below a folder. */
  readonly objects: (pattern: string) => string[];
}

async function scene(context: TestContext): Promise<Scene> {
  const { directory, paths } = testPlace(context);
  const alice = makeSigningKey(directory, "alice");
  const mallory = makeSigningKey(directory, "mallory");
  const signers = join(directory, "signers.pem");
  writeFileSync(signers, `# Alice, releases\n${alice.publicPem}`);
  const tree = join(directory, "tree");
  mkdirSync(tree);
  writeFileSync(join(tree, "file"), "one");
  await capture(tree, { paths, name: "web", sign: alice.file });
  writeFileSync(join(tree, "file"), "two");
  await capture(tree, { paths, name: "web", sign: alice.file });
  await capture(tree, { paths, name: "db", sign: mallory.file });
  const objects = (pattern: string): string[] => globSync(join(paths.store, pattern));
  return { directory, alice, mallory, paths, strict: { ...paths, trustedSigners: signers }, tree, objects };
}

/** Every way to use an image. */
function uses(
  image: string,
  { strict: paths, directory, tree }: Scene,
): Readonly<Record<string, () => Promise<unknown>>> {
  const target = join(directory, "target");
  return {
    restore: () => restore(image, target, { paths }),
    "restore as a job": () => restoreAsJob(image, target, { paths }),
    "restore over a tree": () => restore(image, tree, { paths, intoExisting: true }),
    verify: () => verifyImage(image, { paths }),
    ls: () => Array.fromAsync(listEntries(image, "", { paths })),
    cat: () => Array.fromAsync(readFileOf(image, "file", { paths })),
    diff: () => Array.fromAsync(diffTree(image, tree, { paths })),
    tar: () => Array.fromAsync(exportTar(image, { paths })),
    mtree: () => Array.fromAsync(listMtree(image, "", { paths })),
    tag: () => tagImage(image, "golden", { paths }),
    clone: () => cloneServe(image, { paths, session: "lab" }),
  };
}

/** The image is refused, and nothing is made of it. */
async function assertRefused(image: string, where: Scene, message: RegExp, ...ways: readonly string[]): Promise<void> {
  for (const [what, use] of Object.entries(uses(image, where)))
    if (ways.length === 0 || ways.includes(what))
      await assert.rejects(use(), { code: "IMAGE_UNTRUSTED", message }, what);
  assert.deepEqual(globSync(join(where.directory, "target*")), []);
}

const idOf = async (image: string, { paths }: Scene): Promise<string> => (await showImage(image, { paths })).name.image;

test("an image that a trusted signer signed is used, by name, newest and id", async (context) => {
  const where = await scene(context);
  const { strict: paths, directory, alice, mallory } = where;
  await restoreAsJob("web:1", join(directory, "one"), { paths });
  await restore("web", join(directory, "two"), { paths, verify: true });
  await restore(`@${await idOf("web:1", where)}`, join(directory, "three"), { paths });
  assert.equal(readFileSync(join(directory, "three/file"), "utf8"), "one");
  assert.deepEqual((await showImage("web:1", { paths })).signatures, [
    { name: "web", tag: "1", signer: alice.signer, trusted: true, label: "Alice, releases" },
  ]);
  assert.deepEqual((await showImage("db", { paths })).signatures, [
    { name: "db", tag: "1", signer: mallory.signer, trusted: false },
  ]);
});

test("an image that nobody signed, or another one, is refused until it is signed", async (context) => {
  const where = await scene(context);
  const { strict: paths, directory, tree, alice, mallory } = where;
  await capture(tree, { paths, name: "bare" });
  await assertRefused(
    "bare",
    where,
    /cannot use bare:1: it is not signed, and a signature by a key in ".*signers.pem"/,
  );
  await assertRefused("db:1", where, new RegExp(`it is signed by ${mallory.signer} only`));
  await signImage("bare", alice.file, { paths, dryRun: true });
  await assertRefused("bare", where, /it is not signed/);
  assert.equal((await signImage("bare", alice.file, { paths })).signer, alice.signer);
  await signImage("bare", alice.file, { paths });
  assert.equal((await showImage("bare", { paths })).signatures.length, 1);
  await restore("bare:1", join(directory, "new"), { paths });
});

test("a changed manifest is refused, under its old id and under its own", async (context) => {
  const where = await scene(context);
  const { paths, strict } = where;
  const id = await idOf("web:2", where);
  const path = join(paths.store, "images", id);
  const original = readFileSync(path);
  const changed = zstdCompressSync(zstdDecompressSync(original).toString().replace('"name":"web"', '"name":"wab"'));
  writeFileSync(path, changed);
  await assert.rejects(verifyImage("web:2", { paths: strict }), { code: "OBJECT_DAMAGED" });
  writeFileSync(path, original);

  const newId = sha256(changed).toString("hex");
  writeFileSync(join(paths.store, "images", newId), changed);
  const name = join(paths.store, "names/web/2");
  writeFileSync(name, sealObject("name", { ...(await showImage("web:2", { paths })).name, image: newId }));
  await verifyImage("web:2", { paths });
  await assertRefused("web:2", where, /it is not signed/, "restore");
  // The signature of the image that it was made from does not fit it.
  cpSync(join(paths.store, "signatures", id), join(paths.store, "signatures", newId), { recursive: true });
  await assertRefused("web:2", where, /its signature is damaged or forged/, "restore");
});

test("a signature of another image, a changed one and a removed one are no signatures", async (context) => {
  const where = await scene(context);
  const { objects, paths, strict } = where;
  const [mine = "", theirs = ""] = await Promise.all(["web:1", "db:1"].map((image) => idOf(image, where)));
  const [path = ""] = objects(`signatures/${mine}/*`);
  const [foreign = ""] = objects(`signatures/${theirs}/*`);
  const original = readFileSync(path, "utf8");
  const body = JSON.parse(original.slice(original.indexOf("\n"))) as Record<string, string>;
  const put = (value: object): void => writeFileSync(path, sealObject("signature", value));

  // Swapped for that of another image, as it is and with its own name changed to fit.
  writeFileSync(path, readFileSync(foreign));
  await assertRefused("web:1", where, /damaged or forged/, "restore");
  renameSync(path, join(dirname(path), basename(foreign)));
  await assertRefused("web:1", where, /damaged or forged/, "restore");
  rmSync(join(dirname(path), basename(foreign)));

  for (const change of [
    { tag: "2" },
    { image: theirs },
    { signer: where.mallory.signer },
    { signature: "0".repeat(128) },
    { signature: "" },
    { image: null },
  ]) {
    put({ ...body, ...change });
    await assertRefused("web:1", where, /damaged or forged/, "restore");
  }
  const found = await checkStore({ paths });
  assert.deepEqual(
    found.damages.map(({ object, images }) => [object, images]),
    [[path.slice(paths.store.length + 1), ["web:1"]]],
  );
  await repairStore({ paths });
  assert.deepEqual(objects(`signatures/${mine}/*`), []);
  assert.deepEqual((await checkStore({ paths })).damages, []);
  await assertRefused("web:1", where, /it is not signed/, "restore");
  appendFileSync(path, original);
  await verifyImage("web:1", { paths: strict });
});

test("a name that leads to another signed image is refused, and so is an older one under a newer name", async (context) => {
  const where = await scene(context);
  const { paths, strict, alice } = where;
  const old = (await showImage("web:1", { paths })).name;
  writeFileSync(join(paths.store, "names/web/2"), sealObject("name", { ...old, tag: "2" }));
  await assertRefused("web:2", where, /cannot use web:2: it is signed as web:1 and not under that name/, "restore");
  await assertRefused("web", where, /it is signed as web:1 and not under that name/, "restore");
  await verifyImage(`@${old.image}`, { paths: strict });

  // A further tag is a name of its own.
  await tagImage("web:1", "stable", { paths: strict });
  await assertRefused("web:stable", where, /it is signed as web:1/, "restore");
  await signImage("web:stable", alice.file, { paths: strict });
  await verifyImage("web:stable", { paths: strict });
});

test("trusted signers that cannot be read let no image through", async (context) => {
  const where = await scene(context);
  const { strict: paths, alice, directory } = where;
  const list = paths.trustedSigners ?? assert.fail();
  for (const text of ["", "nothing", readFileSync(alice.file, "utf8"), alice.publicPem.replace("MCow", "MCox")]) {
    writeFileSync(list, text);
    await assert.rejects(verifyImage("web:1", { paths }), { code: "USAGE" }, text);
  }
  rmSync(list);
  await assert.rejects(restore("web:1", join(directory, "target"), { paths }), { code: "USAGE" });
});

test("signatures go with their image: to another store, and out with it", async (context) => {
  const where = await scene(context);
  const { paths, strict, directory, objects, mallory } = where;
  const target = join(directory, "copy");
  await copyAsJob(paths.store, target, { paths, images: ["web:*"] });
  await verifyImage("web:2", { paths: strict, store: target });
  // Signed since: the next copy brings the signature alone.
  await signImage("web:2", mallory.file, { paths });
  await copyAsJob(paths.store, target, { paths, images: ["web:*"] });
  assert.equal((await showImage("web:2", { paths, store: target })).signatures.length, 2);

  const id = await idOf("web:2", where);
  assert.equal(objects(`signatures/${id}/*`).length, 2);
  await removeImage("web:2", { paths });
  await pruneStore({ paths });
  await pruneStore({ paths });
  assert.deepEqual(
    objects(`{images,signatures}/${id}{,/*}`).filter((path) => !path.endsWith(id)),
    [],
  );
  assert.deepEqual(objects(`images/${id}`), []);
  assert.equal(objects("signatures/*/*").length, 2);
  // A program that does not know of signatures removes the image and leaves them.
  rmSync(join(paths.store, "images", await idOf("web:1", where)));
  rmSync(join(paths.store, "names/web/1"));
  await pruneStore({ paths });
  await pruneStore({ paths });
  assert.equal(objects("signatures/*/*").length, 1);
});

test("what a host made for itself needs no signature: the state before a restore comes back", async (context) => {
  const { strict: paths, tree } = await scene(context);
  let job: JobId | undefined;
  writeFileSync(join(tree, "file"), "mine");
  await restoreAsJob("web:1", tree, { paths, intoExisting: true, onJob: (id) => void (job = id) });
  assert.equal(readFileSync(join(tree, "file"), "utf8"), "one");
  await undoJobOf(job ?? assert.fail(), { paths });
  assert.equal(readFileSync(join(tree, "file"), "utf8"), "mine");
});

test("a key that cannot sign is refused before there is a job", async (context) => {
  const { paths, tree, directory, alice } = await scene(context);
  const file = join(directory, "other.pem");
  for (const text of [
    "",
    alice.publicPem,
    "-----BEGIN OPENSSH PRIVATE KEY-----\nAA==\n-----END OPENSSH PRIVATE KEY-----\n",
  ]) {
    writeFileSync(file, text);
    await assert.rejects(captureAsJob(`${tree}/`, { paths, sign: file }), { code: "USAGE" }, text);
  }
});
