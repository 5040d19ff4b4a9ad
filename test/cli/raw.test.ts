import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import { atEnd } from "../support/at-end.ts";
import { loopDevice } from "../support/loop-device.ts";
import { run as runTool } from "../support/run.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { assertDocument } from "./documents.ts";
import { program, sandbox, type Sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

// Other tests make namespaces while these have disks mounted, and would keep them.
if (process.getuid?.() === 0) ensurePrivateMounts();

const mib = 2 ** 20;

/** A partition of two spans, with data at its start, over the border of the spans and in its last, short sector. */
function partition({ directory }: Sandbox): string {
  const path = join(directory, "part.img");
  const file = openSync(path, "w");
  for (const [at, byte, length] of [
    [0, "a", 3 * mib],
    [64 * mib - 100_000, "b", 200_000],
    [70 * mib, "c", 300],
  ] as const)
    writeSync(file, Buffer.alloc(length, byte), 0, length, at);
  closeSync(file);
  truncateSync(path, 70 * mib + 512);
  return path;
}

function captured(context: TestContext): Sandbox & { readonly part: string } {
  const place = sandbox(context);
  makeSmallTree(join(place.directory, "rootfs"));
  return { ...place, part: partition(place) };
}

test("capture --raw takes a partition along, and everything that looks into images knows it", (context) => {
  const { environment, run, document, part } = captured(context);
  const dry = run("capture", "./rootfs", "--raw", "data=part.img", "-n");
  assert.match(dry.stdout, /read .*\/part\.img, byte for byte, as the stream data\n/);
  const first = document("capture", "./rootfs", "--name", "web", "--raw", "./part.img");
  assert.equal(first.status, 0);
  assertDocument("capture", first.document);
  const [stream] = (first.document as { streams: { name: string; sizeBytes: number; dataBytes: number }[] }).streams;
  assert.deepEqual([stream?.name, stream?.sizeBytes], ["part.img", 70 * mib + 512]);
  assert.ok((stream?.dataBytes ?? 0) < 4 * mib, "what is zero is no data");

  const again = document("capture", "./rootfs", "--name", "web", "--raw", "./part.img");
  assert.equal((again.document as { newBytes: number }).newBytes, 0, "nothing of it is stored twice");
  assert.equal(run("diff", "web:1", "web:2").status, 0);
  assert.match(run("show", "web").stdout, /^raw streams:\nSTREAM +SIZE +DATA .*\npart\.img +70\.0 MiB/m);
  assert.match(run("verify", "web").stdout, /1 raw stream, .*everything is intact/);
  const piped = spawnSync("sh", ["-c", `"$@" cat web --raw part.img | cmp - '${part}'`, "sh", ...program], {
    env: environment,
    encoding: "utf8",
  });
  assert.equal(piped.status, 0, piped.stderr);

  const file = openSync(part, "r+");
  writeSync(file, "x", 30 * mib);
  closeSync(file);
  assert.equal(run("capture", "./rootfs", "--name", "web", "--raw", "./part.img").status, 0);
  const differs = run("diff", "web:1", "web:3");
  assert.deepEqual([differs.status, differs.stdout], [4, "M raw stream part.img\n"]);
  assertDocument("diff", document("diff", "web:1", "web:3").document);
  const tar = run("tar", "web", "--output", "web.tar");
  assert.deepEqual([tar.status, /a tar cannot hold the raw stream "part\.img"/.test(tar.stderr)], [6, true]);

  assert.equal(run("store", "copy", "state/store", "other", "--images", "web:1").status, 0);
  assert.match(run("--store", "other", "verify", "web").stdout, /everything is intact/);
  assert.equal(run("rm", "web:1").status, 0);
  assert.equal(run("rm", "web:2").status, 0);
  assert.equal(run("store", "prune").status, 0);
  assert.equal(run("store", "check").status, 0);
  assert.match(run("verify", "web").stdout, /everything is intact/);
});

test("capture --raw refuses what it could not bring back as it was", (context) => {
  const { run } = captured(context);
  for (const [words, status] of [
    [["--raw", "nothing"], 3],
    [["--raw", "./rootfs"], 3],
    [["--raw", "./part.img", "--raw", "./part.img"], 2],
    [["--raw", "a/b=./part.img"], 2],
    [["--raw", "./part.img", "--redact"], 2],
  ] as const) {
    const refused = run("capture", "./rootfs", ...words);
    assert.equal(refused.status, status, `${words.join(" ")}: ${refused.stderr}`);
  }
  assert.match(run("images").stderr, /no store|holds no images|there is no/);
});

test("capture --raw takes a device that is mounted read-only, and no other mounted one", asRoot, (context) => {
  const { directory, run, part } = captured(context);
  runTool("mkfs.ext4", "-q", "-F", part);
  const device = loopDevice(context, part);
  const mountPoint = join(directory, "mnt");
  runTool("mkdir", mountPoint);
  runTool("mount", device, mountPoint);
  let isMounted = true;
  atEnd(context, () => void (isMounted && runTool("umount", mountPoint)));
  for (const raw of [device, part]) {
    const refused = run("capture", "./rootfs", "--raw", raw);
    assert.equal(refused.status, 3, refused.stderr);
    assert.match(refused.stderr, /it is in use \(.*\/mnt\) and may be written to/);
  }
  runTool("mount", "-o", "remount,ro", mountPoint);
  const taken = run("capture", "./rootfs", "--name", "web", "--raw", `part=${device}`);
  assert.equal(taken.status, 0, taken.stderr);
  runTool("umount", mountPoint);
  isMounted = false;
  for (const raw of [device, part]) {
    const free = run("capture", "./rootfs", "--name", "web", "--raw", `part=${raw}`);
    assert.equal(free.status, 0, free.stderr);
  }
  assert.equal(run("diff", "web:2", "web:3").status, 0, "the same bytes, from a device and from a file");
});
