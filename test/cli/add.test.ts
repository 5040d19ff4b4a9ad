import assert from "node:assert/strict";
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run as runTool } from "../support/run.ts";
import { assertDocument } from "./documents.ts";
import { sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

test("capture --add puts files of the host into the image, in the place of what is there", (context) => {
  const { directory, run, document } = sandbox(context);
  const tree = join(directory, "rootfs");
  makeSmallTree(tree);
  mkdirSync(join(tree, "srv/old"), { recursive: true });
  writeFileSync(join(tree, "srv/old/gone"), "of before");
  symlinkSync("srv", join(tree, "link"));
  mkdirSync(join(directory, "notes/deep"), { recursive: true });
  writeFileSync(join(directory, "notes/deep/a"), "first");
  linkSync(join(directory, "notes/deep/a"), join(directory, "notes/z"));
  writeFileSync(join(directory, "motd"), "welcome");
  const adds = ["./notes:/srv/old", "./motd:/etc/motd", "./motd:/opt/new/way/hello", "./notes:/opt/new/notes"];
  const words = ["capture", "./rootfs", "--name", "web", ...adds.flatMap((add) => ["--add", add])];

  assert.match(run(...words, "-n").stdout, /put .*\/notes in at \/srv\/old, in the place of what is there/);
  assertDocument("capture-plan", document(...words, "-n").document);
  const taken = document(...words);
  assert.equal(taken.status, 0, JSON.stringify(taken.document));
  assert.match(JSON.stringify(taken.document), /hidden by what was added there/);
  const shown = document("show", "web").document as { manifest: { head: { additions: { path: string }[] } } };
  assert.deepEqual(
    shown.manifest.head.additions.map(({ path }) => path),
    ["srv/old", "etc/motd", "opt/new/way/hello", "opt/new/notes"],
  );
  assert.equal(run(...words).status, 0);
  assert.equal(run("diff", "web:1", "web:2").status, 0, "unchanged");

  assert.equal(run("restore", "web", "./new", "--verify").status, 0);
  const at = (path: string): string => readFileSync(join(directory, "new", path), "utf8");
  assert.deepEqual([at("etc/motd"), at("opt/new/way/hello"), at("srv/old/z")], ["welcome", "welcome", "first"]);
  runTool("diff", "--recursive", join(directory, "notes"), join(directory, "new/srv/old"));
  runTool("diff", "--recursive", join(directory, "notes"), join(directory, "new/opt/new/notes"));
  assert.match(run("ls", "web", "/opt", "-l").stdout, /drwxr-xr-x +0 +0 .*new/);
});

test("capture --add refuses places that lead elsewhere, and what must not get into an image", (context) => {
  const { directory, run } = sandbox(context);
  const tree = join(directory, "rootfs");
  makeSmallTree(tree);
  symlinkSync("/etc", join(tree, "link"));
  writeFileSync(join(directory, "motd"), "welcome");
  for (const [words, status] of [
    [["./motd"], 2],
    [["./motd:/"], 2],
    [["./motd:/etc/../x"], 2],
    [["./motd:/a", "./motd:/a/b"], 2],
    [["./motd:/a", "./motd:/a"], 2],
    [["./absent:/a"], 3],
    [["/:/a"], 3],
    [["./motd:/link/a"], 3],
    [["./motd:/etc/os-release/a"], 3],
    [[`${directory}:/a`], 3],
  ] as const) {
    const refused = run("capture", "./rootfs", "--name", "web", ...words.flatMap((add) => ["--add", add]));
    assert.equal(refused.status, status, `${words.join(" ")}: ${refused.stderr}`);
  }
});
