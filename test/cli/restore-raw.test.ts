import assert from "node:assert/strict";
import { closeSync, openSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { run as runTool } from "../support/run.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { assertDocument } from "./documents.ts";
import { sandbox, type Sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

const mib = 2 ** 20;

/** An image of a tree and of a partition with data at its start and at its end. */
function captured(context: TestContext): Sandbox & { readonly part: string } {
  const place = sandbox(context);
  makeSmallTree(join(place.directory, "rootfs"));
  const part = join(place.directory, "part.img");
  const file = openSync(part, "w");
  writeSync(file, Buffer.alloc(mib, "a"));
  writeSync(file, "end", 8 * mib);
  closeSync(file);
  const taken = place.run("capture", "./rootfs", "--name", "web", "--raw", "data=part.img");
  assert.equal(taken.status, 0, taken.stderr);
  return { ...place, part };
}

test("restore --raw writes a stream to a file, alone and with the tree, and job undo takes both back", (context) => {
  const { directory, run, document, part } = captured(context);
  const planned = document("restore", "web", "--raw", "data=new.img", "-n");
  assertDocument("restore-raw-plan", planned.document);
  const made = document("restore", "web", "--raw", "data=new.img");
  assert.equal(made.status, 0);
  assertDocument("restore-raw", made.document);
  runTool("cmp", part, join(directory, "new.img"));

  const both = document("restore", "web", "./new", "--verify", "--raw", "data=other.img");
  assert.equal(both.status, 0);
  assertDocument("restore-raw", both.document);
  runTool("cmp", part, join(directory, "other.img"));
  assert.equal(run("verify", "web", "--against", "./new").status, 0);
  assert.equal(run("job", "undo", (both.document as { job: string }).job).status, 0);
  assert.equal(runTool("ls", directory).includes("other"), false);

  for (const [words, status] of [
    [["--raw", "data=new.img"], 3],
    [["--raw", "data=absent/new.img"], 3],
    [["--raw", "other=x.img"], 2],
    [["--raw", "data=x.img", "--raw", "data=x.img"], 2],
    [["--raw", "data=x.img", "--path", "etc"], 2],
    [["--yes-erase", "x.img"], 2],
  ] as const) {
    const refused = run("restore", "web", ...words);
    assert.equal(refused.status, status, `${words.join(" ")}: ${refused.stderr}`);
  }
});

test("restore --raw writes over a device only when it is free, large enough and named twice", asRoot, (context) => {
  const { directory, run, part } = captured(context);
  const disk = join(directory, "disk.img");
  const attach = (sizeBytes: number): string => {
    runTool("truncate", "--size", String(sizeBytes), disk);
    return runTool("losetup", "--find", "--show", disk).trim();
  };
  const small = attach(8 * mib);
  const tooSmall = run("restore", "web", "--raw", `data=${small}`);
  runTool("losetup", "--detach", small);
  assert.equal(tooSmall.status, 3);
  assert.match(tooSmall.stderr, /it has 8388608 bytes and 8388611 are needed/);

  truncateSync(disk, 0);
  const device = attach(10 * mib);
  context.after(() => runTool("losetup", "--detach", device));
  runTool("mkfs.ext4", "-q", device);
  const holds = run("restore", "web", "--raw", `data=${device}`);
  assert.equal(holds.status, 3);
  assert.match(holds.stderr, /it holds something \(ext4\) that would be lost/);
  const erase = ["--raw", `data=${device}`, "--yes-erase", device] as const;
  const mountPoint = join(directory, "mnt");
  runTool("mkdir", mountPoint);
  runTool("mount", device, mountPoint);
  const mounted = run("restore", "web", ...erase);
  runTool("umount", mountPoint);
  assert.equal(mounted.status, 3);
  assert.match(mounted.stderr, /it is in use/);

  assert.match(
    run("restore", "web", ...erase, "-n").stdout,
    /over what is there \(ext4\), and read it back\n.*point of no return\n$/,
  );
  const done = run("restore", "web", ...erase);
  assert.equal(done.status, 0, done.stderr);
  runTool("cmp", "--bytes", String(8 * mib + 3), part, device);
});
