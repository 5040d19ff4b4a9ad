import assert from "node:assert/strict";
import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { DeviceNode } from "../../journeys/machine/detached/detached-manifest.ts";
import { isDeviceNodeMissing, makeDeviceNode, removeDeviceNode } from "./device-nodes.ts";

const asRoot = { skip: process.getuid?.() !== 0 && "device nodes need root" };

const node: DeviceNode = {
  path: "dev/null",
  kind: "character",
  major: 1,
  minor: 3,
  mode: 0o640,
  uid: 70_000,
  gid: 70_001,
};

function machine(context: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), "rehome-devices-"));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, "dev"));
  return root;
}

test(
  "makeDeviceNode() makes what is missing, sets mode and owner of what is there, and removes it again",
  asRoot,
  (context) => {
    const root = machine(context);
    assert.ok(isDeviceNodeMissing(root, node));
    assert.equal(makeDeviceNode(root, node), "made");
    const path = join(root, "dev/null");
    const stat = lstatSync(path);
    assert.deepEqual([stat.isCharacterDevice(), stat.rdev, stat.mode & 0o7777], [true, 0x103, 0o640]);
    assert.deepEqual([stat.uid, stat.gid], [70_000, 70_001]);
    assert.equal(makeDeviceNode(root, { ...node, mode: 0o666 }), "kept");
    assert.equal(lstatSync(path).mode & 0o7777, 0o666);
    const far: DeviceNode = { ...node, path: "dev/far", kind: "block", major: 259, minor: 70_000 };
    assert.equal(makeDeviceNode(root, far), "made");
    assert.equal(makeDeviceNode(root, far), "kept", "large numbers are put together as the kernel does");
    for (let again = 0; again < 2; again++) removeDeviceNode(root, node);
    assert.ok(isDeviceNodeMissing(root, node));
  },
);

test("makeDeviceNode() goes through no symlink, and leaves what is none of its own", asRoot, (context) => {
  const [root, outside] = [machine(context), machine(context)];
  symlinkSync(join(outside, "dev"), join(root, "link"));
  for (const path of ["link/null", "none/null", "../null", "dev/../null", "dev//null", "dev/."])
    assert.equal(makeDeviceNode(root, { ...node, path }), "left", path);
  assert.equal(lstatSync(join(outside, "dev/null"), { throwIfNoEntry: false }), undefined);
  writeFileSync(join(root, "dev/null"), "", { mode: 0o600 });
  assert.equal(makeDeviceNode(root, node), "left");
  symlinkSync("/dev/null", join(root, "dev/other"));
  assert.equal(makeDeviceNode(root, { ...node, path: "dev/other" }), "left");
  assert.equal(lstatSync(join(root, "dev/null")).mode & 0o7777, 0o600);
});
