import assert from "node:assert/strict";
import { chmodSync, chownSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { capture, restore, type CaptureResult, type RestoreResult } from "../../src/index.ts";
import { asNobody, withoutNobody } from "../support/as-nobody.ts";
import { makeTortureTree } from "../support/lab.ts";
import { pathsIn, testPlace } from "../support/place.ts";
import { run } from "../support/run.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const skip = { skip: withoutNobody };
const nobody = 65_534;

/** A directory that belongs to the ordinary user. */
function ownDirectory(context: TestContext): string {
  const directory = temporaryDirectory(context);
  chownSync(directory, nobody, nobody);
  return directory;
}

/** Paths in a directory of the ordinary user. */
function ownPaths(directory: string): ReturnType<typeof pathsIn> {
  const paths = pathsIn(directory);
  run("chown", "-R", `${nobody}:${nobody}`, directory);
  return paths;
}

test("an ordinary user captures what he may read, and is told what he may not", skip, async (context) => {
  const directory = ownDirectory(context);
  const paths = ownPaths(directory);
  const tree = join(directory, "tree");
  mkdirSync(join(tree, "closed"), { recursive: true });
  for (const path of ["readable", "secret", "closed/inside"]) writeFileSync(join(tree, path), `content of ${path}`);
  linkSync(join(tree, "secret"), join(tree, "secret-too"));
  linkSync(join(tree, "readable"), join(tree, "readable-too"));
  symlinkSync("secret", join(tree, "link"));
  chmodSync(join(tree, "secret"), 0o600);
  chmodSync(join(tree, "closed"), 0o700);
  const { result } = asNobody<CaptureResult>({ paths, call: "capture", words: [tree], options: { name: "tree" } });
  assert.ok(result);
  const listed = result.manifest.tail.warnings.map(({ kind, path }) => `${kind} ${path}`).toSorted();
  assert.deepEqual(listed, ["unreadable closed", "unreadable secret", "unreadable secret-too"]);
  assert.equal(result.unreadable, 3);
  assert.deepEqual([result.name.entries, result.name.files], [4, 1]);
  const check = asNobody<{ damages: unknown[] }>({ paths, call: "checkStore", words: [] });
  assert.deepEqual(check.result?.damages, []);
  const restored = asNobody<RestoreResult>({ paths, call: "restore", words: ["tree", join(directory, "copy")] });
  assert.equal(restored.failure, undefined);
  assert.equal(readFileSync(join(directory, "copy/readable-too"), "utf8"), "content of readable");
});

test("an ordinary user's own tree comes back exactly", skip, async (context) => {
  const directory = ownDirectory(context);
  const paths = ownPaths(directory);
  const tree = join(directory, "tree");
  mkdirSync(join(tree, "read-only/below"), { recursive: true });
  writeFileSync(join(tree, "read-only/below/file"), "content");
  writeFileSync(join(tree, "file"), "content");
  linkSync(join(tree, "read-only/below/file"), join(tree, "further"));
  run("setfattr", "-n", "user.note", "-v", "kept", join(tree, "file"));
  run("setfacl", "-m", "u:1234:rw", join(tree, "file"));
  run("chown", "-R", "-h", `${nobody}:${nobody}`, tree);
  for (const [path, mode] of [
    ["read-only/below/file", 0o400],
    ["read-only/below", 0o500],
    ["read-only", 0o555],
    ["", 0o555],
  ] as const)
    chmodSync(join(tree, path), mode);
  assert.equal(asNobody({ paths, call: "capture", words: [tree], options: { name: "tree" } }).failure, undefined);
  const copy = join(directory, "copy");
  const { result } = asNobody<RestoreResult>({
    paths,
    call: "restore",
    words: ["tree", copy],
    options: { verify: true },
  });
  assert.deepEqual(result?.losses, []);
  assert.deepEqual(snapshotTree(copy), snapshotTree(tree));
});

test(
  "an ordinary user restores what he may of a whole system, and is told of everything else",
  skip,
  async (context) => {
    const place = testPlace(context);
    const tree = join(place.directory, "tree");
    makeTortureTree(tree, 8);
    await capture(tree, { paths: place.paths, name: "system" });
    const directory = ownDirectory(context);
    run("cp", "-a", place.paths.stateDirectory, join(directory, "state"));
    const paths = ownPaths(directory);
    const copy = join(directory, "copy");
    const { result, failure } = asNobody<RestoreResult>({ paths, call: "restore", words: ["system", copy] });
    assert.equal(failure, undefined);
    const lost = new Map<string, string[]>();
    for (const { path, what } of result?.losses ?? []) lost.set(path, [...(lost.get(path) ?? []), what]);
    const [before, after] = [snapshotTree(tree), new Map(snapshotTree(copy).map((entry) => [entry.path, entry]))];
    for (const entry of before) {
      const name = JSON.stringify(entry.path);
      const found = after.get(entry.path);
      const losses =
        [...lost.entries()].find(
          ([path]) =>
            path === entry.path || JSON.stringify(path) === name || path.replaceAll("\\\\", "\\") === entry.path,
        )?.[1] ?? [];
      if (found === undefined) {
        assert.ok(
          losses.length > 0 || entry.path.includes("\n") || /[^\x20-\x7e]/.test(entry.path),
          `${name} is missing and not listed`,
        );
        continue;
      }
      assert.equal(found.content, entry.content, `${name} has other content`);
      // A further name has what the first one has.
      if (!/[^\x20-\x7e]|\\/.test(entry.path) && (entry.firstName ?? entry.path) === entry.path) {
        if (found.owner !== entry.owner)
          assert.ok(losses.includes("owner"), `${name}: its owner is lost and not listed`);
        if (found.mode !== entry.mode) assert.ok(losses.includes("mode"), `${name}: its mode is lost and not listed`);
        if (found.flags !== entry.flags)
          assert.ok(losses.includes("flags"), `${name}: its flags are lost and not listed`);
        if (found.mtimeNs !== entry.mtimeNs)
          assert.ok(losses.includes("mtime"), `${name}: its time is lost and not listed`);
        for (const xattr of Object.keys(entry.xattrs))
          if (found.xattrs[xattr] !== entry.xattrs[xattr])
            assert.ok(losses.includes(`xattr ${xattr}`), `${name}: ${xattr} is lost and not listed`);
      }
    }
    assert.ok(lost.has("chardev") && lost.has("immutable"));
  },
);

test("an ordinary user's restore makes no program run as somebody it did not run as", skip, async (context) => {
  const place = testPlace(context);
  const tree = join(place.directory, "tree");
  mkdirSync(tree);
  for (const [name, uid, mode] of [
    ["of-root", 0, 0o4755],
    ["of-another", 1000, 0o6755],
    ["of-nobody", nobody, 0o4755],
  ] as const) {
    writeFileSync(join(tree, name), "#!/bin/true\n");
    chownSync(join(tree, name), uid, uid);
    chmodSync(join(tree, name), mode);
  }
  await capture(tree, { paths: place.paths, name: "programs" });
  const directory = ownDirectory(context);
  run("cp", "-a", place.paths.stateDirectory, join(directory, "state"));
  const copy = join(directory, "copy");
  const { result } = asNobody<RestoreResult>({
    paths: ownPaths(directory),
    call: "restore",
    words: ["programs", copy],
  });
  const modeOf = (name: string): string => (statSync(join(copy, name)).mode & 0o7777).toString(8);
  assert.deepEqual([modeOf("of-root"), modeOf("of-another"), modeOf("of-nobody")], ["755", "755", "4755"]);
  const lost = new Set(result?.losses.map(({ path, what }) => `${path} ${what}`));
  for (const name of ["of-root", "of-another"]) assert.ok(lost.has(`${name} owner`) && lost.has(`${name} mode`), name);
});

test("an ordinary user is refused, by a clear error, what needs more rights", skip, async (context) => {
  const place = testPlace(context);
  const tree = join(place.directory, "tree");
  mkdirSync(tree);
  await capture(tree, { paths: place.paths, name: "tree" });
  chmodSync(place.directory, 0o755);
  const mine = ownPaths(ownDirectory(context));
  const foreign = { ...mine, store: place.paths.store };
  for (const call of [
    { paths: foreign, call: "listImages", words: [] },
    { paths: foreign, call: "capture", words: [tree] },
    { paths: mine, call: "capture", words: [join(place.directory, "absent")] },
  ] as const) {
    const { failure } = asNobody(call);
    assert.ok(failure, call.call);
    assert.notEqual(failure.code, "UNTYPED", `${call.call}: ${failure.message}`);
  }
  const own = ownDirectory(context);
  run("cp", "-a", place.paths.stateDirectory, join(own, "state"));
  const { failure } = asNobody({
    paths: ownPaths(own),
    call: "restore",
    words: ["tree", join(place.directory, "target")],
  });
  assert.match(failure?.message ?? "", /EACCES|permission/i);
  await restore("tree", join(place.directory, "target"), { paths: place.paths });
});
