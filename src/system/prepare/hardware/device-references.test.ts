import assert from "node:assert/strict";
import { test } from "node:test";
import { handMadeTree } from "../../../../test/support/hand-made-tree.ts";
import type { NewHome } from "../operation.ts";

const oldRoot = "4e987291-e13e-4614-bdc8-05863173e2c2";
const oldSwap = "0b3f1f0e-7d0a-4d6c-9d3c-2f6f0b7f5a11";
const newRoot = "11111111-1111-4111-8111-111111111111";
const newSwap = "22222222-2222-4222-8222-222222222222";

const root = { type: "ext4", uuid: newRoot, partitionUuid: "part-root", mountPoint: "/", options: "defaults" };
const swap = { type: "swap", uuid: newSwap, partitionUuid: "part-swap", options: "sw" };
const mounted: { newHome: NewHome } = { newHome: { fileSystems: [root], oldDisks: [], isComplete: false } };
const wholeDisk: { newHome: NewHome } = { newHome: { fileSystems: [root, swap], oldDisks: [], isComplete: true } };

const untouched = [
  "# /etc/fstab, with \xe4 byte that is no UTF-8",
  "LABEL=data\t/srv   ext4 noatime 0 2",
  "tmpfs /tmp tmpfs size=1G,mode=1777 0 0",
  "nas:/export/home /home nfs4 rw,_netdev 0 0",
  "/srv/data /var/data none bind 0 0",
  `#UUID=${oldRoot} /old ext4 defaults 0 0`,
];
const fstab = [
  ...untouched,
  `UUID=${oldRoot} /  ext4 errors=remount-ro 0 1`,
  `UUID=${oldSwap} none swap sw 0 0`,
  "",
].join("\n");
const resume = `RESUME=UUID=${oldSwap}\n`;
const files = {
  "etc/fstab": fstab,
  "etc/initramfs-tools/conf.d/resume": resume,
  "etc/default/grub": `GRUB_CMDLINE_LINUX="root=UUID=${oldRoot} resume=UUID=${oldSwap}"\n`,
  "boot/grub/grub.cfg": `search --fs-uuid --set=root ${oldRoot}\nlinux /vmlinuz root=UUID=${oldRoot} ro\n`,
  "boot/loader/entries/a.conf": `options root=UUID=${oldRoot}\n`,
  "boot/efi/EFI/debian/grub.cfg": `search.fs_uuid ${oldRoot} root\n`,
  "boot/grub/grubenv": `# GRUB Environment Block\nkernelopts=root=UUID=${oldRoot} ro\n`.padEnd(1024, "#"),
  "etc/mdadm/mdadm.conf": "DEVICE /dev/sda1 /dev/sdb1\nARRAY /dev/md0 UUID=a:b:c:d\n",
  "etc/lvm/devices/system.devices": "IDTYPE=sys_wwid\n",
};

test("references: on a whole new disk every file names the new file systems, and other lines survive byte for byte", async (context) => {
  const tree = handMadeTree(context, files);
  await tree.prepare("references", wholeDisk);
  assert.deepEqual(tree.text("etc/fstab").split("\n"), [
    ...untouched,
    `UUID=${newRoot} /  ext4 errors=remount-ro 0 1`,
    `UUID=${newSwap} none swap sw 0 0`,
    "",
  ]);
  assert.equal(tree.text("etc/initramfs-tools/conf.d/resume"), `RESUME=UUID=${newSwap}\n`);
  for (const path of Object.keys(files)) {
    if (path === "etc/fstab" || path === "etc/lvm/devices/system.devices") continue;
    assert.ok(!tree.text(path).includes(oldRoot) && !tree.text(path).includes(oldSwap), path);
  }
  assert.match(
    tree.text("boot/grub/grub.cfg"),
    new RegExp(`--set=root ${newRoot}\nlinux /vmlinuz root=UUID=${newRoot} ro`),
  );
  assert.equal(tree.text("boot/grub/grubenv").length, 1024, "GRUB takes no other size");
  assert.equal(
    tree.text("etc/mdadm/mdadm.conf"),
    "DEVICE partitions containers\n# rehome: not on this disk: ARRAY /dev/md0 UUID=a:b:c:d\n",
  );
  assert.ok(!tree.has("etc/lvm/devices/system.devices"));
  assert.equal(tree.plan("references", wholeDisk).state, "nothing", "a second time");
});

test("references: where only mounts are known, a device that may still be there keeps its line, and is named", async (context) => {
  const tree = handMadeTree(context, files);
  assert.match(tree.plan("references", mounted).remarks.join(), new RegExp(`UUID=${oldSwap}, and nothing is mounted`));
  await tree.prepare("references", mounted);
  assert.match(tree.text("etc/fstab"), new RegExp(`^UUID=${oldSwap} none swap sw 0 0$`, "m"));
  assert.equal(tree.text("etc/initramfs-tools/conf.d/resume"), resume);
});

test("references: fstab, which tells the old devices, is written last", (context) => {
  const { changes } = handMadeTree(context, files).plan("references", wholeDisk);
  const written = changes.flatMap((change) => (change.kind === "write" ? [change.path as string] : []));
  assert.equal(written.at(-1), "etc/fstab");
});

test("references: a directory that is no mount point keeps its fstab", (context) => {
  const planned = handMadeTree(context, files).plan("references");
  assert.equal(planned.state, "nothing");
  assert.match(planned.remarks.join(), /no mount point/);
});
