import assert from "node:assert/strict";
import { test } from "node:test";
import { rewriteArrays, rewriteCrypttab } from "./rewrite-mapped.ts";

const uuid = "11111111-2222-4333-8444-555555555555";

test("rewriteCrypttab() names what is encrypted now, and leaves what is on no disk of before byte for byte", () => {
  const kept = ["# a comment /dev/sda1", "vault /srv/vault.img /etc/vault.key luks,nofail", ""];
  const before = [...kept, "data /dev/sda3 none luks", "old UUID=0b3f1f0e-7d0a-4d6c-9d3c-2f6f0b7f5a11 none luks", ""];
  const { text, changes } = rewriteCrypttab(before.join("\n"), [{ name: "data", uuid }]);
  assert.deepEqual(text.split("\n"), [
    ...kept,
    "# rehome: not on this disk: data /dev/sda3 none luks",
    "# rehome: not on this disk: old UUID=0b3f1f0e-7d0a-4d6c-9d3c-2f6f0b7f5a11 none luks",
    `data UUID=${uuid} none luks,initramfs`,
    "",
  ]);
  assert.equal(changes.length, 3);
  assert.deepEqual(rewriteCrypttab(text, [{ name: "data", uuid }]), { text, changes: [] });
  assert.equal(rewriteCrypttab("", [{ name: "data", uuid }]).text, `data UUID=${uuid} none luks,initramfs\n`);
});

test("rewriteArrays() names the arrays there are now, and turns those of before with their further lines into comments", () => {
  const before =
    "HOMEHOST <system>\nARRAY /dev/md0 level=raid1\n   UUID=a:b:c:d\nMAILADDR root\n  # remark\nARRAY /dev/md1 UUID=1:2:3:4\n";
  const { text } = rewriteArrays(before, [{ name: "main", uuid }]);
  assert.deepEqual(text.split("\n"), [
    "HOMEHOST <system>",
    "# rehome: not on this disk: ARRAY /dev/md0 level=raid1",
    "# rehome: not on this disk:    UUID=a:b:c:d",
    "MAILADDR root",
    "  # remark",
    "# rehome: not on this disk: ARRAY /dev/md1 UUID=1:2:3:4",
    "ARRAY /dev/md/main metadata=1.2 UUID=11111111:22224333:84445555:55555555",
    "",
  ]);
  assert.deepEqual(rewriteArrays(text, [{ name: "main", uuid }]), { text, changes: [] });
});
