import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { CaptureWarning } from "../../core/manifest/manifest.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { SystemCallError } from "../system-call-error.ts";
import { runTool } from "../processes.ts";
import { openRootedFiles, type RootedFiles } from "./rooted-files.ts";

interface Fixture {
  /** The root; a directory beside it holds `secret`. */
  readonly root: string;
  readonly files: RootedFiles;
  readonly warnings: CaptureWarning[];
}

function fixture(context: TestContext): Fixture {
  const folder = mkdtempSync(join(tmpdir(), "rehome-rooted-"));
  const root = join(folder, "root");
  mkdirSync(join(root, "etc"), { recursive: true });
  mkdirSync(join(folder, "outside"));
  writeFileSync(join(folder, "outside", "secret"), "secret");
  writeFileSync(join(root, "etc", "motd"), "inside\xff", "latin1");
  const warnings: CaptureWarning[] = [];
  const files = openRootedFiles(root, (warning) => warnings.push(warning));
  context.after(() => {
    files[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  return { root, files, warnings };
}

const at = (path: string): TreePath => path as TreePath;

test("read() gives the bytes of a file, of none that is missing", (context) => {
  const { files, warnings } = fixture(context);
  assert.equal(files.read(at("etc/motd"), 100), "inside\xff");
  assert.equal(files.readStart(at("etc/motd"), 3), "ins");
  assert.equal(files.readStart(at("etc/motd"), 300), "inside\xff");
  for (const missing of ["etc/none", "none/none", "etc/motd/x", "x".repeat(300), "y/".repeat(3000)])
    assert.equal(files.read(at(missing), 100), undefined);
  assert.deepEqual(warnings, []);
});

test("read() never follows a symlink out of the root", (context) => {
  const { root, files } = fixture(context);
  symlinkSync("../../outside/secret", join(root, "etc", "climb"));
  symlinkSync(join(root, "..", "outside", "secret"), join(root, "etc", "absolute"));
  symlinkSync("/proc/self/root/etc/passwd", join(root, "etc", "magic"));
  symlinkSync("../../outside", join(root, "folder"));
  symlinkSync("loop", join(root, "loop"));
  symlinkSync("/etc/motd", join(root, "inside"));
  for (const path of ["etc/climb", "etc/absolute", "etc/magic", "folder/secret", "loop", "../outside/secret"]) {
    assert.equal(files.read(at(path), 100), undefined, path);
    assert.equal(files.stat(at(path)), undefined, path);
  }
  assert.equal(files.list(at("folder"), 10), undefined);
  assert.equal(files.read(at("inside"), 100), "inside\xff", "as the system itself would see it");
});

test("read() neither waits for a FIFO nor opens a device or a directory", async (context) => {
  const { root, files, warnings } = fixture(context);
  await runTool("mkfifo", [join(root, "fifo")]);
  if (process.getuid?.() === 0) await runTool("mknod", [join(root, "device"), "c", "1", "5"]);
  else symlinkSync("fifo", join(root, "device"));
  for (const path of ["fifo", "device", "etc"]) assert.equal(files.read(at(path), 100), undefined);
  assert.deepEqual(
    warnings.map(({ path }) => path),
    ["fifo", "device", "etc"],
  );
});

test("read() leaves a file that is too large alone, readStart() does not", (context) => {
  const { root, files, warnings } = fixture(context);
  writeFileSync(join(root, "giant"), "start");
  truncateSync(join(root, "giant"), 2 ** 40);
  assert.equal(files.read(at("giant"), 1 << 20), undefined);
  assert.equal(files.readStart(at("giant"), 5), "start");
  assert.deepEqual(
    warnings.map(({ kind, path }) => [kind, path]),
    [["unreadable", "giant"]],
  );
});

test("list() gives sorted names, no more than asked for", (context) => {
  const { root, files, warnings } = fixture(context);
  mkdirSync(join(root, "many"));
  for (let number = 0; number < 50; number++) writeFileSync(join(root, "many", `name ${number}`), "");
  symlinkSync("/many", join(root, "etc", "link"));
  assert.equal(files.list(at("etc/link"), 50)?.length, 50);
  assert.deepEqual(files.list(at(""), 10), ["etc", "many"]);
  assert.deepEqual(warnings, []);
  assert.equal(files.list(at("many"), 49)?.length, 49);
  assert.equal(warnings.length, 1);
  assert.equal(files.list(at("none"), 1), undefined);
  assert.equal(files.list(at("etc/motd"), 1), undefined);
});

test("stat() tells what a path leads to", (context) => {
  const { root, files } = fixture(context);
  symlinkSync("/etc/motd", join(root, "link"));
  assert.equal(files.stat(at("link"))?.kind, "file");
  assert.equal(files.stat(at("etc"))?.kind, "directory");
  assert.equal(files.stat(at("none")), undefined);
});

test("openRootedFiles() refuses what is no directory", (context) => {
  const { root } = fixture(context);
  assert.throws(() => openRootedFiles(join(root, "etc/motd"), () => {}), SystemCallError);
  assert.throws(() => openRootedFiles(join(root, "none"), () => {}), SystemCallError);
});
