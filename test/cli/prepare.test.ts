import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { prepare } from "../../src/index.ts";
import { pathsIn } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { assertDocument } from "./documents.ts";
import { sandbox, type Sandbox } from "./run-rehome.ts";

const oldId = "0123456789abcdef0123456789abcdef\n";

function withSystem(context: TestContext): Sandbox & { readonly root: string } {
  const place = sandbox(context);
  const root = join(place.directory, "web");
  for (const folder of ["etc", "var/lib/dhcp", "var/lib/systemd"]) mkdirSync(join(root, folder), { recursive: true });
  const files = {
    "etc/machine-id": oldId,
    "etc/hostname": "web\n",
    "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 web\n",
    "var/lib/dhcp/dhclient.leases": "lease",
    "var/lib/systemd/random-seed": "seed",
  };
  for (const [path, content] of Object.entries(files)) writeFileSync(join(root, path), content);
  return { ...place, root };
}

test("prepare -n shows every operation and every change, and changes nothing", (context) => {
  const { root, run, document } = withSystem(context);
  const before = snapshotTree(root);
  const shown = run("prepare", "./web", "--identity", "reset", "--hostname", "shop", "-n");
  assert.equal(shown.status, 0, shown.stderr);
  assert.match(shown.stdout, /^machine-id +a machine-id of its own +1 change$/m);
  assert.match(shown.stdout, /^initramfs .* nothing to do$/m);
  assert.match(
    shown.stdout,
    /^hostname: write \/etc\/hosts \(web becomes shop\)\n {4}- 127\.0\.1\.1 web\n {4}\+ 127\.0\.1\.1 shop$/m,
  );
  assertDocument("prepare-plan", document("prepare", "./web", "--identity", "reset", "-n").document);
  assert.deepEqual(snapshotTree(root), before);
});

test("prepare makes a clone, says what it made, and keeps a moved system as it is", (context) => {
  const { root, run, document } = withSystem(context);
  const moved = run("prepare", "./web");
  assert.equal(moved.status, 0, moved.stderr);
  assert.match(moved.stdout, /^.*\/web is prepared, identity keep: 0 changes in /);
  assert.equal(readFileSync(join(root, "etc/machine-id"), "utf8"), oldId);
  const cloned = run("prepare", "./web", "--identity", "reset", "--hostname", "shop");
  assert.equal(cloned.status, 0, cloned.stderr);
  const id = readFileSync(join(root, "etc/machine-id"), "utf8").trim();
  assert.match(cloned.stdout, new RegExp(`^machine-id: 1 change, machine-id ${id}$`, "m"));
  assert.match(cloned.stdout, /^hostname: 2 changes, hostname shop$/m);
  const { status, document: again } = document("prepare", "./web", "--identity", "reset", "--only", "machine-id,dhcp");
  assert.equal(status, 0);
  assertDocument("prepare", again);
});

test("prepare refuses what it cannot do, and says which operations there are", (context) => {
  const { run, directory } = withSystem(context);
  assert.match(
    run("prepare", "./web", "--only", "machineid").stderr,
    /cannot find the operation "machineid".*\nThere are /,
  );
  assert.equal(run("prepare", "./web", "--fresh", "now").status, 2);
  assert.equal(run("prepare", "./web", "--map-nic", "eth0").status, 2);
  assert.equal(run("prepare", "./web", "--hostname", "a_b").status, 2);
  assert.match(run("prepare", "/").stderr, /it is this host itself \[TARGET_UNSUITABLE\]/);
  symlinkSync("/", join(directory, "root"));
  assert.equal(run("prepare", "./root").status, 3);
  assert.match(run("prepare", "./state").stderr, /there is no \/etc in it|it does not exist/);
});

test("prepare -n ends with 3 where something would have to be done and cannot be", (context) => {
  const { root, run } = withSystem(context);
  for (const path of ["boot/vmlinuz-6.1.0", "usr/lib/modules/6.1.0/modules.dep"]) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), "");
  }
  const shown = run("prepare", "./web", "-n");
  assert.equal(shown.status, 3);
  assert.match(shown.stdout, /^initramfs .* cannot be done: the tree has the kernel 6\.1\.0/m);
  const refused = run("prepare", "./web", "--identity", "reset");
  assert.equal(refused.status, 3);
  assert.match(refused.stderr, /--skip initramfs/);
  assert.equal(readFileSync(join(root, "etc/machine-id"), "utf8"), oldId, "all or nothing");
  assert.equal(run("prepare", "./web", "--skip", "initramfs").status, 0);
});

test("prepare runs no program that is for another processor", (context) => {
  const { root, run } = withSystem(context);
  mkdirSync(join(root, "usr/bin"), { recursive: true });
  mkdirSync(join(root, "usr/sbin"));
  const header = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01"), Buffer.alloc(11), Buffer.from([22, 0])]);
  header[5] = 2;
  header.writeUInt16BE(22, 18);
  for (const path of ["usr/bin/env", "usr/bin/ssh-keygen", "usr/sbin/sshd"]) writeFileSync(join(root, path), header);
  const refused = run("prepare", "./web", "--identity", "reset");
  assert.equal(refused.status, 3);
  assert.match(refused.stderr, /programs of the tree are for s390x, and this host is|only root can make/);
  assert.equal(readFileSync(join(root, "etc/machine-id"), "utf8"), oldId);
});

test("prepare lists what it could not read, and ends with 6", (context) => {
  const { root, run } = withSystem(context);
  mkdirSync(join(root, "etc/fstab"));
  const ended = run("prepare", "./web");
  assert.equal(ended.status, 6);
  assert.match(ended.stderr, /warning: \/etc\/fstab: it is no file but a directory/);
});

test("prepare() of the library does the same", async (context) => {
  const { root, directory } = withSystem(context);
  const { plan, operations } = await prepare(root, { identity: "reset", paths: pathsIn(directory) });
  assert.equal(plan.root, root);
  assert.deepEqual(
    operations.map(({ name }) => name),
    ["machine-id", "dhcp", "random-seed"],
  );
});
