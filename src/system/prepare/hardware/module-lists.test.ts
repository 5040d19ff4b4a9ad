import assert from "node:assert/strict";
import { test } from "node:test";
import { handMadeTree } from "../../../../test/support/hand-made-tree.ts";

test("module-lists: aliases of old hardware become remarks, other lines stay", async (context) => {
  const tree = handMadeTree(context, {
    "etc/modprobe.conf":
      "alias eth0 tg3\nalias scsi_hostadapter1 ata_piix\noptions loop max_loop=64\nalias net-pf-10 off\n",
    "etc/modprobe.d/mine.conf": "blacklist nouveau\nalias snd-card-0 snd-hda-intel\n",
    "etc/sysconfig/kernel": 'INITRD_MODULES="ata_piix ext3"\nUPDATEDEFAULT=yes\n',
    "etc/sysconfig/hwconf": "class: NETWORK\n",
  });
  await tree.prepare("module-lists");
  assert.equal(
    tree.text("etc/modprobe.conf"),
    "# rehome: alias eth0 tg3\n# rehome: alias scsi_hostadapter1 ata_piix\noptions loop max_loop=64\nalias net-pf-10 off\n",
  );
  assert.equal(tree.text("etc/modprobe.d/mine.conf"), "blacklist nouveau\n# rehome: alias snd-card-0 snd-hda-intel\n");
  assert.equal(tree.text("etc/sysconfig/kernel"), 'INITRD_MODULES=""\nUPDATEDEFAULT=yes\n');
  assert.ok(!tree.has("etc/sysconfig/hwconf"));
  assert.equal(tree.plan("module-lists").state, "nothing", "a second time");
});
