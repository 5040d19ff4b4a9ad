import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { handMadeTree, type HandMadeTree } from "../../../test/support/hand-made-tree.ts";
import { armCrashPoints } from "../../core/crash-points.ts";
import type { PrepareChoices } from "./operation.ts";
import { parseNicMap } from "./hardware/nic-mapping.ts";

const oldRoot = "4e987291-e13e-4614-bdc8-05863173e2c2";
const newRoot = "11111111-1111-4111-8111-111111111111";
const oldId = "0123456789abcdef0123456789abcdef";

/** A little of everything that an operation changes. */
const system = {
  "etc/machine-id": `${oldId}\n`,
  "var/lib/dbus/machine-id": `${oldId}\n`,
  [`boot/loader/entries/${oldId}-6.1.conf`]: `options root=UUID=${oldRoot}\n`,
  "etc/hostname": "web\n",
  "etc/hosts": "127.0.1.1 web\n",
  "etc/mailname": "web.example.org\n",
  "etc/ssh/ssh_host_rsa_key": "secret",
  "etc/ssh/ssh_host_rsa_key.pub": "public",
  "usr/sbin/sshd": "",
  "usr/bin/ssh-keygen": "",
  "var/lib/dhcp/dhclient.leases": "lease",
  "var/lib/systemd/random-seed": "seed",
  "etc/sysconfig/network-scripts/ifcfg-eth0": "DEVICE=eth0\n",
  "etc/network/interfaces": "auto eth0\n",
  "etc/fstab": `UUID=${oldRoot} / ext4 defaults 0 1\n`,
  "boot/grub/grub.cfg": `linux /vmlinuz root=UUID=${oldRoot}\n`,
  "boot/efi/EFI/debian/shimx64.efi": "shim",
  "boot/efi/EFI/debian/grubx64.efi": "grub",
  "boot/vmlinuz-6.1.0": "",
  "usr/lib/modules/6.1.0/modules.dep": "",
  "usr/sbin/update-initramfs": "",
  "etc/initramfs-tools/initramfs.conf": "MODULES=dep\n",
  "etc/selinux/config": "SELINUX=enforcing\n",
  "var/log/syslog": "lines",
  "var/log/syslog.1": "lines",
};
const root = { type: "ext4", uuid: newRoot, partitionUuid: "p", mountPoint: "/", options: "defaults" };
const choices: Partial<PrepareChoices> = {
  identity: "reset",
  hostname: "shop",
  nicMap: parseNicMap(["eth0=enp1s0"]),
  bootModules: [],
  newHome: { fileSystems: [root], oldDisks: [], isComplete: true },
};
/** What is drawn anew at each run. */
const drawn = new Set(["etc/machine-id", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed"]);

function contents(tree: HandMadeTree): Record<string, string> {
  return Object.fromEntries(
    tree.paths().flatMap((path) => {
      if (drawn.has(path)) return [[path, "drawn"]];
      try {
        return [[path, tree.text(path)]];
      } catch {
        return [[path, "directory"]];
      }
    }),
  );
}

async function pointsPassed(context: TestContext): Promise<string[]> {
  const points: string[] = [];
  armCrashPoints((name) => void points.push(name));
  try {
    await handMadeTree(context, system).prepare(undefined, choices);
  } finally {
    armCrashPoints(undefined);
  }
  return points;
}

test("runPrepare(), killed before any change or after any operation, is finished by a plan made anew", async (context) => {
  const whole = handMadeTree(context, system);
  await whole.prepare(undefined, choices);
  const expected = contents(whole);
  assert.match(expected["etc/fstab"] ?? "", new RegExp(newRoot));
  assert.equal(expected["etc/kernel/entry-token"], `${oldId}\n`);

  const points = await pointsPassed(context);
  assert.ok(points.length > 30, points.join());
  for (const point of points) {
    const tree = handMadeTree(context, system);
    armCrashPoints((name) => {
      if (name === point) throw new RangeError(point);
    });
    try {
      await assert.rejects(tree.prepare(undefined, choices), RangeError);
    } finally {
      armCrashPoints(undefined);
    }
    await tree.prepare(undefined, choices);
    assert.deepEqual(contents(tree), expected, point);
    assert.notEqual(tree.text("etc/machine-id"), `${oldId}\n`, point);
    assert.deepEqual(tree.ran.slice(-2), ["/usr/bin/ssh-keygen -A", "/usr/sbin/update-initramfs -c -k 6.1.0"], point);
  }
});

test("runPrepare() ends between two changes when it is interrupted", async (context) => {
  const tree = handMadeTree(context, system);
  const stop = new AbortController();
  armCrashPoints((name) => {
    if (name === "prepare.hostname.1") stop.abort();
  });
  try {
    await assert.rejects(tree.prepare(undefined, choices, stop.signal), { code: "INTERRUPTED" });
  } finally {
    armCrashPoints(undefined);
  }
  assert.equal(tree.text("etc/hostname"), "web\n");
  assert.notEqual(tree.text("etc/machine-id"), `${oldId}\n`);
});
