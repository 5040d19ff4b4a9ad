import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, globSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openSealedObject, sealObject } from "../../src/image/format/sealed-object.ts";
import type { StoreDescription } from "../../src/image/store/image-store.ts";
import { assertDocument } from "../cli/documents.ts";
import { sandbox, type Sandbox } from "../cli/run-rehome.ts";
import { asRoot } from "../support/temporary-directory.ts";

/**
 * Stores that a rehome of each version of the format has written, one plain and one encrypted, with two signed images of `web`. They
 * are never written again: what is in them must come back for ever.
 */
const versions = [1] as const;
const place = ["--key-file", "key"];

function goldenStores(context: TestContext, version: number): Sandbox {
  const made = sandbox(context);
  const archive = join(import.meta.dirname, `stores-${version}.tar.zst`);
  execFileSync("tar", ["--zstd", "-xf", archive], { cwd: made.directory });
  writeFileSync(join(made.directory, "key"), "a golden key file of 32 bytes...");
  // The public key of the golden signature.
  const der = Buffer.from(
    "302a300506032b6570032100ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c",
    "hex",
  );
  const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString("base64")}\n-----END PUBLIC KEY-----\n`;
  writeFileSync(join(made.directory, "signers"), pem);
  return made;
}

for (const version of versions)
  for (const store of ["plain", "sealed"])
    test(`a ${store} store of version ${version} gives back what was put into it`, asRoot, (context) => {
      const { directory, run, document } = goldenStores(context, version);
      const words = [...place, "--store", store, "--trusted-signers", "signers"];
      assert.match(run("store", "check", ...words).stdout, /everything is intact/);
      const restored = run("restore", "web:1", "./one", "--verify", ...words);
      assert.equal(restored.status, 0, restored.stderr);
      assert.equal(run("restore", "web", "./two", ...words).status, 0);
      const at = (path: string): string => join(directory, path);
      assert.equal(readFileSync(at("one/etc/link"), "utf8"), "golden\n");
      assert.equal(readFileSync(at("two/etc/hostname"), "utf8"), "second\n");
      const numbers = Array.from({ length: 2000 }, (_, index) => `${index + 1}\n`).join("");
      assert.equal(readFileSync(at("one/numbers"), "utf8"), numbers);
      assert.equal(lstatSync(at("one/second")).ino, lstatSync(at("one/numbers")).ino);
      assert.equal(lstatSync(at("one/numbers")).mode & 0o7777, 0o4755);
      const { uid, gid, size, mtimeMs } = lstatSync(at("one/hole"));
      assert.deepEqual([uid, gid, size, mtimeMs], [12_345, 54_321, 100_000, Date.parse("2026-11-20T10:00:00Z")]);
      const attribute = execFileSync("getfattr", ["-n", "user.one", "--only-values", "numbers"], { cwd: at("one") });
      assert.equal(attribute.toString(), "two");
      const upgrade = document("store", "upgrade", "-n", ...words);
      assertDocument("store-upgrade", upgrade.document);
      assert.match(
        run("store", "upgrade", ...words).stdout,
        /has version 1 of the format, the newest: nothing to do\n$/,
      );
    });

test("a store of a version that nobody knows is refused by name, whatever is asked of it, and left as it is", (context) => {
  const { directory, run } = goldenStores(context, 1);
  cpSync(join(directory, "plain"), join(directory, "other"), { recursive: true });
  for (const store of ["plain", "sealed"]) {
    const path = join(directory, store, "store.json");
    const description = openSealedObject("store", readFileSync(path), "store.json") as StoreDescription;
    writeFileSync(path, sealObject("store", { ...description, formatVersion: 7 }));
    const objects = globSync(join(directory, store, "**/*"));
    for (const words of [
      ["store", "upgrade", "-n"],
      ["store", "upgrade"],
      ["images"],
      ["capture", "./plain/"],
      ["restore", "web", "./new"],
      ["verify", "web"],
      ["store", "check"],
      ["store", "check", "--repair"],
      ["store", "prune"],
      ["store", "copy", "other", store],
      ["store", "copy", store, "./third"],
    ]) {
      const { status, stderr } = run(...words, ...place, "--store", store);
      assert.equal(status, 3, `${words.join(" ")}: ${stderr}`);
      assert.match(stderr, /store\.json: its format version is 7, and 1 is the newest known here \[FORMAT_UNKNOWN\]/);
    }
    assert.deepEqual(globSync(join(directory, store, "**/*")), objects);
  }
  assert.ok(!existsSync(join(directory, "new")));
});

test("an encrypted store with keys of a version that nobody knows is refused by name, and not taken for a wrong key", (context) => {
  const { directory, run } = goldenStores(context, 1);
  const path = join(directory, "sealed/store.json");
  const description = openSealedObject("store", readFileSync(path), "store.json") as StoreDescription;
  writeFileSync(path, sealObject("store", { ...description, encryption: { ...description.encryption, version: 2 } }));
  const { status, stderr } = run("images", ...place, "--store", "sealed");
  assert.equal(status, 3);
  assert.match(stderr, /format version is 2/);
});
