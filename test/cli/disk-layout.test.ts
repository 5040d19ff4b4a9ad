import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { exitStatus } from "../../src/core/exit-status.ts";
import { assertDocument } from "./documents.ts";
import { sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

const desc = `# disk 0
linux 3500
swap 512
extended fill
logical linux fill
type83 100
`;

test("disk layout reads a desc, writes it again, and says where everything would lie", (context) => {
  const { run, document, directory } = sandbox(context);
  writeFileSync(join(directory, "desc"), desc);
  const written = run("disk", "layout", "--from-desc", "desc", "--format", "desc");
  assert.equal(written.status, 0, written.stderr);
  assert.equal(written.stdout, desc.replace("# disk 0\n", "").replace("type83", "linux"));
  const layout = run("disk", "layout", "--from-desc", "desc");
  assert.match(layout.stdout, /^ +- type: linux\n +size: 3500MiB$/m);
  writeFileSync(join(directory, "layout.yaml"), layout.stdout);
  const plan = run("disk", "layout", "--plan", "layout.yaml", "--size", "20G");
  assert.equal(plan.status, 0, plan.stderr);
  assert.match(plan.stdout, /^disk: 20\.0 GiB, MBR [0-9a-f]{8}$/m);
  assert.match(plan.stdout, /^ +1 .* linux/m);
  assertDocument("disk-layout", document("disk", "layout", "--plan", "layout.yaml", "--size", "20G").document);
  assertDocument("disk-layout", document("disk", "layout", "--from-desc", "desc").document);
});

test("disk layout refuses what does not fit by how much, and names the line that is wrong", (context) => {
  const { run, directory } = sandbox(context);
  writeFileSync(join(directory, "desc"), desc);
  const small = run("disk", "layout", "--from-desc", "desc", "--size", "2G");
  assert.equal(small.status, exitStatus.refused);
  assert.match(small.stderr, /\d+ bytes too few/);
  writeFileSync(join(directory, "wrong"), "linux 100\nlinus 100\n");
  const wrong = run("disk", "layout", "--from-desc", "wrong");
  assert.equal(wrong.status, exitStatus.usage);
  assert.match(wrong.stderr, /"wrong", line 2/);
  for (const words of [
    [],
    ["--from-host", "--plan", "x"],
    ["--from-desc", "desc", "--size", "1G", "--size", "2G"],
    ["--from-desc", "desc", "--size", "9G", "--format", "desc"],
  ])
    assert.equal(run("disk", "layout", ...words).status, exitStatus.usage, words.join(" "));
});

test("disk layout of an image is what it needs to start, and gives a desc its contents", (context) => {
  const { run, directory, document } = sandbox(context);
  makeSmallTree(join(directory, "tree"));
  assert.equal(run("capture", "./tree", "--name", "web").status, 0);
  const own = run("disk", "layout", "web", "--firmware", "both");
  assert.equal(own.status, 0, own.stderr);
  for (const word of ["bios-boot", "esp", "mount: /boot/efi", "mount: /\n"]) assert.ok(own.stdout.includes(word), word);
  writeFileSync(join(directory, "desc"), "linux fill\n");
  assert.match(run("disk", "layout", "web", "--from-desc", "desc").stdout, /fileSystem: ext4\n +mount: \/\n/);
  writeFileSync(join(directory, "desc"), "linux 10\nlinux fill\n");
  const other = run("disk", "layout", "web", "--from-desc", "desc");
  assert.equal(other.status, exitStatus.refused);
  assert.match(other.stderr, /has 2 partitions \(linux, linux\), the image has 1 \(ext4 on \/\)/);
  assertDocument("disk-layout", document("disk", "layout", "web", "--size", "1G", "--firmware", "uefi").document);
});
