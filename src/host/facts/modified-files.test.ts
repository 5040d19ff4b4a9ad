import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { InterruptedError } from "../../core/errors.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import type { RecordedFile, SystemSources } from "../../system/facts/index.ts";
import { runTool } from "../processes.ts";
import { openSystemSources } from "./index.ts";

const installedSec = 1_600_000_000;

interface Fixture {
  readonly root: string;
  readonly sources: SystemSources & Disposable;
  /** Writes a file as a package would, older than its installation, and gives its record. */
  readonly place: (path: string, content: string, more?: Partial<RecordedFile>) => RecordedFile;
  /** Writes a file anew; `sec` is its mtime. */
  readonly edit: (path: string, content: string, sec: number) => void;
}

function fixture(context: TestContext): Fixture {
  const root = mkdtempSync(join(tmpdir(), "rehome-modified-"));
  const sources = openSystemSources(root);
  context.after(() => {
    sources[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
  });
  const edit = (path: string, content: string, sec: number): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    utimesSync(join(root, path), sec, sec);
  };
  return {
    root,
    sources,
    edit,
    place(path, content, more) {
      edit(path, content, installedSec - 1000);
      const digest = createHash("md5").update(content).digest("hex");
      return { path: path as TreePath, algorithm: "md5", digest, always: false, ...more };
    },
  };
}

test("findModified() hashes files that are not older than the installation, and those it always must", async (context) => {
  const { sources, place, edit } = fixture(context);
  const records = [
    place("usr/same", "a"),
    place("usr/touched", "b"),
    place("usr/edited", "c"),
    place("usr/hidden", "d"),
    place("etc/always", "e", { always: true }),
    place("usr/equal", "f"),
  ];
  edit("usr/touched", "b", installedSec + 5);
  edit("usr/edited", "C", installedSec + 5);
  edit("usr/hidden", "D", installedSec - 5);
  edit("etc/always", "E", installedSec - 5);
  edit("usr/equal", "F", installedSec);
  const { modified, uncheckedCount } = await sources.findModified(records, installedSec, undefined);
  assert.deepEqual(modified, ["usr/edited", "etc/always", "usr/equal"]);
  assert.equal(uncheckedCount, 0);
});

test("findModified() sees another size without hashing, and knows other digests", async (context) => {
  const { sources, place, edit } = fixture(context);
  const digest = createHash("sha256").update("same").digest("hex");
  const records = [
    place("longer", "x", { sizeBytes: 1 }),
    place("sha", "same", { algorithm: "sha256", digest, always: true, sizeBytes: 4 }),
  ];
  edit("longer", "xy", installedSec - 5);
  assert.deepEqual((await sources.findModified(records, installedSec, undefined)).modified, ["longer"]);
});

test("findModified() does not call a missing file modified, but one that something else has replaced", async (context) => {
  const { root, sources, place } = fixture(context);
  const records = ["gone", "folder", "fifo", "dangling", "outside", "kept"].map((path) => place(path, "x"));
  for (const { path } of records.slice(0, -1)) rmSync(join(root, path));
  mkdirSync(join(root, "folder"));
  await runTool("mkfifo", [join(root, "fifo")]);
  symlinkSync("/dev/null", join(root, "dangling"));
  symlinkSync("/etc/passwd", join(root, "outside"));
  records.push({ ...place("a/b", "x"), path: "kept/below" as TreePath });
  const { modified } = await sources.findModified(records, installedSec, undefined);
  assert.deepEqual(modified, ["folder", "fifo", "dangling", "outside"]);
});

test("findModified() follows symlinks of the tree inside it", async (context) => {
  const { root, sources, place } = fixture(context);
  const records = [{ ...place("usr/bin/tool", "x", { always: true }), path: "bin/tool" as TreePath }];
  symlinkSync("/usr/bin", join(root, "bin"));
  const moved = place("usr/target", "y");
  symlinkSync("/usr/target", join(root, "usr", "link"));
  records.push({ ...moved, path: "usr/link" as TreePath });
  assert.deepEqual(await sources.findModified(records, installedSec, undefined), { modified: [], uncheckedCount: 0 });
});

test("findModified() keeps few directories open, and none in the end", async (context) => {
  const { root, place } = fixture(context);
  const records = Array.from({ length: 300 }, (_, number) => place(`d${number}/f`, "x"));
  const openBefore = readdirSync("/proc/self/fd").length;
  const sources = openSystemSources(root);
  const found = await sources.findModified(records.toReversed(), installedSec, undefined);
  assert.deepEqual(found.modified, []);
  assert.ok(readdirSync("/proc/self/fd").length < openBefore + 40);
  sources[Symbol.dispose]();
  assert.equal(readdirSync("/proc/self/fd").length, openBefore);
});

test("findModified() can be interrupted while it hashes a giant file", async (context) => {
  const { root, sources, place } = fixture(context);
  const record = place("giant", "x", { always: true });
  truncateSync(join(root, "giant"), 2 ** 40);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(sources.findModified([record], installedSec, stop.signal), InterruptedError);
});
