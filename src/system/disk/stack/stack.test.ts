import assert from "node:assert/strict";
import { test } from "node:test";
import { grouped, mirrored } from "../../../../test/support/stack-layouts.ts";
import { LayoutRefusedError } from "../layout/errors.ts";
import { withoutUuids, type Layout } from "../layout/layout.ts";
import { readLayout } from "../layout/yaml/read-layout.ts";
import { writeLayout } from "../layout/yaml/write-layout.ts";
import { checkCapabilities } from "../plan/check-capabilities.ts";
import type { DiskPlan } from "../plan/disk-plan.ts";
import { smallestDiskBytes, type UsageByMountPoint } from "../plan/disk-room.ts";
import type { Firmware } from "../plan/layout-check.ts";
import { planDisks } from "../plan/plan-disk.ts";
import { seededUuids } from "../plan/uuids.ts";
import { passphraseIn } from "./passphrase.ts";
import { createGroup, mappedVolume } from "./stack-commands.ts";
import { withMinimums } from "./stack-room.ts";
import { requireStartTools } from "./start-tools.ts";

const mib = 2 ** 20;
const usage: UsageByMountPoint = new Map([["/", { bytes: 500 * mib, entries: 20_000 }]]);
const read = (text: string): Layout => readLayout(text, "layout.yaml");

function plan(layout: Layout, sizeMib: number, firmware: readonly Firmware[] = []): DiskPlan {
  const sizes = new Map(layout.disks.map(({ name }) => [name, sizeMib * mib]));
  return planDisks(layout, { sizes, firmware, usage, uuids: seededUuids("test") });
}

test("layouts with arrays, groups and LUKS are read back as they were written, and lose their UUIDs when asked", () => {
  for (const text of [mirrored, grouped]) assert.deepEqual(read(writeLayout(read(text))), read(text));
  const uuid = "11111111-1111-4111-8111-111111111111";
  const layout = read(
    mirrored
      .replace("luks: crypt-home,", `luks: crypt-home, luksUuid: ${uuid}, uuid: ${uuid},`)
      .replace("level: raid0,", `level: raid0, arrayUuid: ${uuid},`),
  );
  assert.deepEqual(read(writeLayout(layout)), layout);
  assert.deepEqual(withoutUuids(layout), read(mirrored));
});

test("planDisks() gives arrays and volumes what is left below them, to the byte", () => {
  const { disks, arrays, groups } = plan(read(mirrored), 2000, ["bios", "uefi"]);
  const sizes = new Map(arrays.map(({ name, sizeBytes }) => [name, sizeBytes / mib]));
  const member = (disks[0]?.partitions[3]?.sectorCount ?? 0) * 512;
  assert.equal(sizes.get("main"), member / mib - 1);
  assert.deepEqual(
    ["boot", "r0", "r5", "r6", "r10"].map((name) => sizes.get(name)),
    [199, 46, 46, 46, 46],
  );
  const volumes = new Map(groups[0]?.volumes.map((volume) => [volume.name, volume.sizeBytes / mib]));
  // A megabyte for the array, sixteen for the LUKS, one for the group.
  assert.equal(volumes.get("root"), member / mib - 1 - 16 - 1 - 32 - 64);
  const two = plan(read(grouped), 1500, ["bios"]);
  const [first, second] = two.disks[0]?.partitions.map(({ sectorCount }) => (sectorCount * 512) / mib) ?? [];
  assert.equal((two.groups[0]?.volumes[0]?.sizeBytes ?? 0) / mib, (first ?? 0) - 1 + (second ?? 0) - 1 - 32);
});

test("planDisks() fits arrays, groups and LUKS on the smallest disk, and not on one a unit smaller", () => {
  const layout = read(`version: 1
disks:
  - {name: disk, table: gpt, partitions: [{size: 100MiB, fileSystem: ext4, mount: /boot}, {size: fill, luks: crypt, group: vg}]}
groups:
  - {name: vg, volumes: [{name: root, size: fill, fileSystem: ext4, mount: /}, {name: swap, size: 64MiB, fileSystem: swap}]}
`);
  const [disk] = withMinimums(layout, usage).disks;
  assert.ok(disk);
  const smallest = (smallestDiskBytes(disk, usage) ?? 0) / mib;
  const root = plan(layout, smallest).groups[0]?.volumes[0]?.sizeBytes ?? 0;
  assert.ok(root >= 500 * mib * 1.13, String(root));
  assert.throws(
    () => plan(layout, smallest - 1),
    (error: unknown) => error instanceof LayoutRefusedError && error.refusals[0]?.missingBytes === mib,
  );
});

test("planDisks() names what arrays, groups and LUKS cannot be", () => {
  const one = (content: string, more = ""): string =>
    `version: 1\ndisks: [{name: d, table: gpt, partitions: [{type: bios-boot, size: 1MiB}, ${content}]}]\n${more}`;
  const root = "fileSystem: ext4, mount: /";
  const refused: readonly (readonly [string, RegExp])[] = [
    [one("{size: fill, array: a}"), /there is no array "a"/],
    [one("{size: fill, group: g}"), /there is no group "g"/],
    [one(`{size: fill, ${root}}`, "groups: [{name: g, volumes: []}]"), /nothing holds the group "g"/],
    [one("{size: fill, array: a}", `arrays: [{name: a, level: raid1, ${root}}]`), /"a" has 1 members, raid1 needs 2/],
    [
      one(
        ["a", "a", "a", "a", "a"].map((name) => `{size: 900MiB, array: ${name}}`).join(", "),
        "arrays: [{name: a, level: raid10}]",
      ),
      /5 members, raid10 needs an even number/,
    ],
    [one(`{size: fill, luks: c, ${root}}`), /partition 2 of disk "d" encrypts the kernels/],
    [
      one(`{size: fill, luks: c, group: g}`, `groups: [{name: g, volumes: [{name: r, size: fill, ${root}}]}]`),
      /partition 2 of disk "d" encrypts the kernels/,
    ],
    [
      one("{size: 1GiB, array: a}, {size: 1GiB, array: a}", `arrays: [{name: a, level: raid0, ${root}}]`),
      /array "a" holds the kernels, and the boot loader reads raid1 alone/,
    ],
    [one(`{size: fill, luks: c}, {size: 64MiB, luks: c}`), /two of LUKS "c"/],
    [
      one("{size: fill, group: g}", `groups: [{name: g, volumes: [{name: r, size: fill, fileSystem: vfat}]}]`),
      /volume "r" of group "g" cannot hold vfat/,
    ],
    [
      one("{size: fill, group: g}", "groups: [{name: g, volumes: [{name: r, size: fill, group: g}]}]"),
      /volume "r" of group "g" cannot hold group/,
    ],
    [one("{type: esp, size: fill, luks: c}"), /partition 2 of disk "d" is for the firmware/],
    [one("{size: fill, group: g}", "groups: [{name: g, volumes: [{name: r, size: 4GiB}]}]"), /too few/],
  ];
  for (const [text, pattern] of refused)
    assert.throws(
      () => plan(read(text), 2048, ["bios"]),
      (error: unknown) => error instanceof LayoutRefusedError && pattern.test(error.message),
      text,
    );
});

test("planDisks() refuses names that would be no names of devices, wherever the layout comes from", () => {
  const bad = "../sda1";
  const layouts = ["crypt-main", "vg-main", "root", "boot"].map((name): Layout =>
    JSON.parse(JSON.stringify(read(mirrored)).replaceAll(`"${name}"`, JSON.stringify(bad))),
  );
  for (const layout of layouts)
    assert.throws(
      () => plan(layout, 2000),
      (error: unknown) => error instanceof LayoutRefusedError && error.message.includes('"../sda1" is no name'),
    );
});

test("checkCapabilities() names the modules and tools that arrays, groups and LUKS need, and names that are taken", () => {
  const layout = plan(read(mirrored), 2000);
  const bare = {
    fileSystems: new Set(["ext4"]),
    hasTool: () => false,
    modules: new Set<string>(),
    mapped: new Set<string>(),
  };
  const lacking = checkCapabilities(layout, bare, []).map(({ message }) => message);
  for (const word of [
    "raid1",
    "raid0",
    "raid10",
    "raid456",
    "dm_mod",
    "dm_crypt",
    '"lvm"',
    '"mdadm"',
    '"cryptsetup"',
    '"dmsetup"',
  ])
    assert.ok(
      lacking.some((message) => message.includes(word)),
      word,
    );
  const modules = new Set(["raid0", "raid1", "raid10", "raid456", "dm_mod", "dm_crypt"]);
  const able = { ...bare, hasTool: () => true, modules };
  assert.deepEqual(checkCapabilities(layout, able, []), []);
  const taken = checkCapabilities(layout, { ...able, mapped: new Set(["vg--main-root", "crypt-home", "other"]) }, []);
  assert.deepEqual(
    taken.map(({ message }) => /"(.*?)"/.exec(message)?.[1]),
    ["/dev/mapper/crypt-home", "/dev/mapper/vg--main-root"],
  );
});

test("createGroup() lets LVM see the members alone, and names volumes as the device mapper does", () => {
  const [group] = plan(read(mirrored), 2000).groups;
  assert.ok(group);
  for (const { args } of createGroup(group, ["/dev/mapper/crypt-main"]))
    assert.ok(args.join(" ").includes('global_filter=["a|^/dev/mapper/crypt-main$|","r|.*|"]'), args.join(" "));
  assert.equal(mappedVolume("vg-main", "a-b"), "vg--main-a--b");
});

test("requireStartTools() names the package that the system's initramfs lacks", () => {
  const layout = plan(read(mirrored), 2000);
  const withHooks = (...names: string[]): Parameters<typeof requireStartTools>[1] => ({
    stat: (path) => (names.some((name) => path.endsWith(`/${name}`)) ? { kind: "file", sizeBytes: 1 } : undefined),
  });
  requireStartTools(layout, withHooks("lvm2", "mdadm", "cryptroot"));
  assert.throws(() => requireStartTools(layout, withHooks("mdadm", "cryptroot")), { remedy: /Install lvm2/ });
  assert.throws(() => requireStartTools(layout, withHooks("lvm2", "mdadm")), {
    remedy: /Install cryptsetup-initramfs/,
  });
  requireStartTools(plan(read(grouped), 1500), withHooks("lvm2"));
});

test("passphraseIn() takes the first line, and none that could not be typed", () => {
  const of = (text: string): string | undefined => passphraseIn(Buffer.from(text));
  assert.equal(of("two words \nmore"), "two words ");
  assert.equal(of("no end of line, ünd"), "no end of line, ünd");
  for (const wrong of ["", "\nsecond", "of Windows\r\n", "x".repeat(513), "a\0b"]) assert.equal(of(wrong), undefined);
  assert.equal(passphraseIn(Buffer.from("caf\xe9\n", "latin1")), undefined);
});
