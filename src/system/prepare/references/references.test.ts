import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { holds } from "../../../../test/support/properties.ts";
import type { DiskFact } from "../../../core/manifest/manifest.ts";
import { findStaleReferences, findSuccessions, rewriteFstab, rewriteReferences, type NewFileSystem } from "./index.ts";

const oldRoot = "4e987291-e13e-4614-bdc8-05863173e2c2";
const oldSwap = "0b3f1f0e-7d0a-4d6c-9d3c-2f6f0b7f5a11";
const newRoot = "11111111-1111-8111-8111-111111111111";
const newSwap = "22222222-2222-8222-8222-222222222222";
const newBoot = "AAAA-BBBB";

const created: readonly NewFileSystem[] = [
  { type: "ext4", uuid: newRoot, partitionUuid: "part-root", mountPoint: "/", options: "defaults" },
  { type: "vfat", uuid: newBoot, partitionUuid: "part-esp", mountPoint: "/boot/efi", options: "umask=0077" },
  { type: "swap", uuid: newSwap, partitionUuid: "part-swap", options: "sw" },
];

const untouched = [
  "# /etc/fstab: static file system information.",
  `#UUID=${oldRoot} /old ext4 defaults 0 0`,
  "",
  "LABEL=data\t/srv   ext4 noatime 0 2",
  "tmpfs /tmp tmpfs size=1G,mode=1777 0 0",
  "nas:/export/home /home nfs4 rw,_netdev 0 0",
  "//server/share /mnt/share cifs credentials=/etc/cred 0 0",
  "/srv/data /var/data none bind 0 0",
  "/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0",
  "proc /proc proc defaults 0 0",
  "PARTLABEL=extra /extra ext4 defaults 0 2",
  "/mnt/a\xe4\\040b /mnt/\xff none bind 0 0",
];

function rewrite(fstab: string, disks: readonly DiskFact[] = []): ReturnType<typeof rewriteFstab> {
  return rewriteFstab(fstab, findSuccessions({ fstab, disks }, created), created);
}

test("rewriteFstab() changes the lines that name an old disk, and no others", () => {
  const fstab = [
    ...untouched.slice(0, 4),
    `UUID=${oldRoot}   /\t ext4    errors=remount-ro,noatime 0       1`,
    ...untouched.slice(4, 8),
    "UUID=1234-ABCD  /boot/efi       vfat    umask=0077      0       1",
    `UUID="${oldSwap}" none swap sw 0 0`,
    "/dev/sdb1 /backup ext4 defaults 0 2",
    ...untouched.slice(8),
    "",
  ].join("\n");
  const { text, changes } = rewrite(fstab);
  assert.deepEqual(
    changes.map(({ line, after }) => [line, after]),
    [
      [5, `UUID=${newRoot}   /\t ext4    errors=remount-ro,noatime 0       1`],
      [10, `UUID=${newBoot}  /boot/efi       vfat    umask=0077      0       1`],
      [11, `UUID=${newSwap} none swap sw 0 0`],
      [12, "# rehome: not on this disk: /dev/sdb1 /backup ext4 defaults 0 2"],
    ],
  );
  const changed = new Set(changes.map(({ line }) => line - 1));
  const others = (lines: string): string[] => lines.split("\n").filter((_, index) => !changed.has(index));
  assert.deepEqual(others(text), others(fstab));
  assert.equal(rewrite(text).text, text, "a second run changes nothing");
});

test("rewriteFstab() takes devices by every name, and keeps the kind of name", () => {
  const disks: DiskFact[] = [
    {
      name: "nvme0n1",
      type: "disk",
      sizeBytes: 1,
      children: [
        {
          name: "nvme0n1p2",
          type: "part",
          sizeBytes: 1,
          uuid: oldRoot,
          partitionUuid: "dead-beef",
          mountPoints: ["/"],
        },
      ],
    },
  ];
  const line = (source: string): string => `${source} / ext4 defaults 0 1`;
  for (const [source, expected] of [
    ["/dev/nvme0n1p2", `UUID=${newRoot}`],
    ["/dev/hda1", `UUID=${newRoot}`],
    ["/dev/mapper/vg0-root", `UUID=${newRoot}`],
    [`/dev/disk/by-uuid/${oldRoot}`, `UUID=${newRoot}`],
    ["PARTUUID=DEAD-BEEF", "PARTUUID=part-root"],
    ["/dev/disk/by-partuuid/dead-beef", "PARTUUID=part-root"],
  ] as const)
    assert.equal(rewrite(line(source), disks).text.split("\n")[0], line(expected));
});

test("rewriteFstab() gives type and options of the new file system where its type is another", () => {
  assert.equal(
    rewrite("/dev/sda1  /  xfs  inode64,logbufs=8  0 1\n").text.split("\n")[0],
    `UUID=${newRoot}  /  ext4  defaults  0 1`,
  );
  assert.equal(rewrite("/dev/sda1 /\n").text.split("\n")[0], `UUID=${newRoot} / ext4 defaults`);
});

test("rewriteFstab() mounts a btrfs of many subvolumes once", () => {
  const lines = [`UUID=${oldRoot} /home btrfs subvol=@home 0 0`, `UUID=${oldRoot} / btrfs subvol=@,compress=zstd 0 0`];
  assert.deepEqual(
    rewrite(`${lines.join("\n")}\n`)
      .text.split("\n")
      .slice(0, 2),
    [`# rehome: part of / now: ${lines[0] ?? ""}`, `UUID=${newRoot} / ext4 defaults 0 0`],
  );
});

test("rewriteFstab() adds what no line mounts, once", () => {
  const { text, changes } = rewrite("# nothing");
  assert.equal(
    text,
    [
      "# nothing",
      `UUID=${newRoot} / ext4 defaults 0 1`,
      `UUID=${newBoot} /boot/efi vfat umask=0077 0 2`,
      `UUID=${newSwap} none swap sw 0 0`,
      "",
    ].join("\n"),
  );
  assert.deepEqual(
    changes.map(({ line, before }) => [line, before]),
    [2, 3, 4].map((line) => [line, undefined]),
  );
  assert.equal(rewrite(text).text, text);
  assert.match(rewrite("LABEL=root / ext4 defaults 0 1\n").text, /^LABEL=root \/ ext4 defaults 0 1\nUUID=AAAA/);
});

test("rewriteFstab() keeps every byte of lines that name no disk", async (context) => {
  const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
  const line = fc.oneof(
    fc.constantFrom(...untouched),
    bytes.map((text) => `#${text}`),
  );
  await holds(
    context,
    fc.property(fc.array(line), (lines) => {
      const fstab = `${lines.join("\n")}\n`;
      assert.ok(rewrite(fstab).text.startsWith(fstab));
    }),
  );
});

test("rewriteReferences() follows UUIDs and device names in any text but comments", () => {
  const fstab = `UUID=${oldRoot} / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n`;
  const disks: DiskFact[] = [
    { name: "sda1", type: "part", sizeBytes: 1, uuid: oldRoot, partitionUuid: "c0ffee00-01" },
    { name: "sda2", type: "part", sizeBytes: 1, uuid: oldSwap, partitionUuid: "c0ffee00-02" },
    { name: "sdb1", type: "part", sizeBytes: 1, uuid: "99999999-9999-4999-8999-999999999999" },
  ];
  const successions = findSuccessions({ fstab, disks }, created);
  const text = [
    `search --no-floppy --fs-uuid --set=root ${oldRoot.toUpperCase()}`,
    `linux /boot/vmlinuz root=UUID=${oldRoot} ro resume=/dev/sda2 quiet`,
    "linux /boot/vmlinuz root=PARTUUID=c0ffee00-01 /dev/sda22 x/dev/sda2",
    `# UUID=${oldRoot}`,
    `RESUME=UUID=${oldSwap}`,
    "data UUID=99999999-9999-4999-8999-999999999999 none luks",
    `other-${oldRoot} ${oldRoot}-1`,
  ].join("\n");
  const after = rewriteReferences(text, successions);
  assert.deepEqual(after.text.split("\n"), [
    `search --no-floppy --fs-uuid --set=root ${newRoot}`,
    `linux /boot/vmlinuz root=UUID=${newRoot} ro resume=UUID=${newSwap} quiet`,
    "linux /boot/vmlinuz root=PARTUUID=part-root /dev/sda22 x/dev/sda2",
    `# UUID=${oldRoot}`,
    `RESUME=UUID=${newSwap}`,
    "data UUID=99999999-9999-4999-8999-999999999999 none luks",
    `other-${oldRoot} ${oldRoot}-1`,
  ]);
  assert.deepEqual(
    after.changes.map(({ line }) => line),
    [1, 2, 3, 5],
  );
  assert.deepEqual(findStaleReferences(after.text, successions), [
    { line: 3, reference: "/dev/sda22" },
    { line: 3, reference: "/dev/sda2" },
    { line: 6, reference: "99999999-9999-4999-8999-999999999999" },
  ]);
});

test("findStaleReferences() lets UUIDs be that were kept", () => {
  const kept: NewFileSystem = { type: "ext4", uuid: oldRoot, partitionUuid: "p", mountPoint: "/", options: "defaults" };
  const fstab = `UUID=${oldRoot} / ext4 defaults 0 1\n`;
  const successions = findSuccessions({ fstab, disks: [] }, [kept]);
  assert.deepEqual(findStaleReferences(fstab, successions), []);
  assert.deepEqual(rewriteFstab(fstab, successions, [kept]).changes, []);
});
