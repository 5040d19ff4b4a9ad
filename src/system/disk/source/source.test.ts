import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { DiskFact } from "../../../core/manifest/manifest.ts";
import { LayoutRefusedError } from "../layout/errors.ts";
import { shapeOf, stackCases } from "../../../../test/support/stack-layouts.ts";
import { parseDisks } from "../../facts/host/disks.ts";
import { readLayout } from "../layout/yaml/read-layout.ts";
import { writeLayout } from "../layout/yaml/write-layout.ts";
import { planDisks } from "../plan/plan-disk.ts";
import { seededUuids } from "../plan/uuids.ts";
import { defaultLayout } from "./default-layout.ts";
import { layoutOfDisks } from "./source-layout.ts";

const mib = 2 ** 20;
const gib = 2 ** 30;
const part = { type: "part" } as const;

const gptDisk: DiskFact = {
  name: "nvme0n1",
  type: "disk",
  sizeBytes: 20 * gib,
  partitionTable: "gpt",
  children: [
    {
      ...part,
      name: "nvme0n1p2",
      sizeBytes: 19 * gib,
      startSector: 264_192,
      partitionType: "0fc63daf-8483-4772-8e79-3d69d8477de4",
      partitionUuid: "aaaaaaaa-0000-4000-8000-000000000002",
      fileSystem: "ext4",
      uuid: "bbbbbbbb-0000-4000-8000-000000000002",
      label: "root",
      mountPoints: ["/"],
    },
    {
      ...part,
      name: "nvme0n1p1",
      sizeBytes: 128 * mib,
      startSector: 2048,
      partitionType: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
      fileSystem: "vfat",
      uuid: "ABCD-1234",
      mountPoints: ["/boot/efi"],
    },
  ],
};

const mbrDisk: DiskFact = {
  name: "sda",
  type: "disk",
  sizeBytes: 10 * gib,
  partitionTable: "dos",
  children: [
    {
      ...part,
      name: "sda1",
      sizeBytes: gib,
      startSector: 2048,
      partitionType: "0x83",
      fileSystem: "ext3",
      mountPoints: ["/"],
    },
    { ...part, name: "sda2", sizeBytes: 1024, startSector: 2_099_200, partitionType: "0x5" },
    {
      ...part,
      name: "sda5",
      sizeBytes: gib,
      startSector: 2_101_248,
      partitionType: "0x82",
      fileSystem: "swap",
      mountPoints: ["[SWAP]"],
    },
    {
      ...part,
      name: "sda6",
      sizeBytes: 7 * gib,
      startSector: 4_200_448,
      partitionType: "0x83",
      fileSystem: "xfs",
      mountPoints: ["/srv"],
    },
  ],
};

const idle: DiskFact[] = [
  { name: "sr0", type: "rom", sizeBytes: gib, mountPoints: ["/media/cdrom"] },
  {
    name: "sdz",
    type: "disk",
    sizeBytes: gib,
    partitionTable: "gpt",
    children: [{ ...part, name: "sdz1", sizeBytes: gib, fileSystem: "ntfs" }],
  },
];

test("layoutOfDisks() describes a GPT in the order of the disk", () => {
  assert.deepEqual(layoutOfDisks([gptDisk, ...idle]).disks, [
    {
      name: "nvme0n1",
      table: "gpt",
      partitions: [
        {
          type: "esp",
          size: { kind: "bytes", sizeBytes: 128 * mib },
          content: { kind: "file-system", type: "vfat", uuid: "ABCD-1234", mountPoint: "/boot/efi" },
        },
        {
          type: "linux",
          size: { kind: "fill" },
          partitionUuid: "aaaaaaaa-0000-4000-8000-000000000002",
          content: {
            kind: "file-system",
            type: "ext4",
            label: "root",
            uuid: "bbbbbbbb-0000-4000-8000-000000000002",
            mountPoint: "/",
          },
        },
      ],
    },
  ]);
});

test("layoutOfDisks() gives an extended partition the size of what lies in it", () => {
  assert.deepEqual(
    layoutOfDisks([mbrDisk]).disks[0]?.partitions.map(({ type, size, isLogical, content }) => [
      type,
      size.kind === "bytes" ? size.sizeBytes / mib : size.kind,
      isLogical ?? false,
      content?.kind,
    ]),
    [
      ["linux", 1024, false, "file-system"],
      ["extended", "fill", false, undefined],
      ["swap", 1024, true, "swap"],
      ["linux", "fill", true, "file-system"],
    ],
  );
  const withoutLast = { ...mbrDisk, children: mbrDisk.children?.slice(0, 3) ?? [] };
  assert.deepEqual(layoutOfDisks([withoutLast]).disks[0]?.partitions[1]?.size, {
    kind: "bytes",
    sizeBytes: 1025 * mib,
  });
});

test("layoutOfDisks() refuses what it cannot describe, by name", () => {
  assert.throws(() => layoutOfDisks(idle), LayoutRefusedError);
  const over = (fileSystem: string | undefined, ...children: DiskFact[]): DiskFact => ({
    ...gptDisk,
    children: [{ ...part, name: "sda3", sizeBytes: gib, ...(fileSystem !== undefined && { fileSystem }), children }],
  });
  const root: DiskFact = { name: "root", type: "crypt", sizeBytes: gib, fileSystem: "ext4", mountPoints: ["/"] };
  const thin: DiskFact = { ...root, name: "vg-thin", type: "lvm" };
  const refused: readonly (readonly [DiskFact, RegExp])[] = [
    [over("BitLocker", root), /"sda3" holds BitLocker/],
    [over(undefined, root), /"sda3" holds something/],
    [over("linux_raid_member", { ...root, name: "md0", type: "linear" }), /"md0" is "linear" over "sda3"/],
    [
      over("LVM2_member", { name: "vg-pool", type: "lvm", sizeBytes: gib, children: [thin] }),
      /"vg-pool" is no plain volume/,
    ],
    [over("LVM2_member", { ...thin, name: "odd" }), /"odd" is no plain volume/],
  ];
  for (const [disk, pattern] of refused) assert.throws(() => layoutOfDisks([disk]), pattern);
  assert.throws(() => layoutOfDisks([{ ...gptDisk, partitionTable: "sun" }]), /"sun"/);
});

test("defaultLayout() adds what the firmware needs, once", () => {
  const typesOf = (disks: DiskFact[], firmware: readonly ("bios" | "uefi")[]): string[] => {
    const hostFacts = {
      kernelRelease: "",
      architecture: "x86_64",
      cpuCount: 1,
      memoryBytes: 1,
      firmware: "bios" as const,
      disks,
      networkInterfaces: [],
    };
    const facts = {
      kernels: [],
      packages: [],
      fileSystems: [{ source: "LABEL=sys", mountPoint: "/", type: "xfs", options: "defaults" }],
    };
    const { disks: planned } = defaultLayout({ facts, ...(disks.length > 0 && { hostFacts }) }, firmware);
    return planned.flatMap(({ partitions }) =>
      partitions.map(({ type, content }) =>
        content?.kind === "file-system" ? `${type}:${content.type}:${content.label ?? ""}` : type,
      ),
    );
  };
  assert.deepEqual(typesOf([], ["bios", "uefi"]), ["bios-boot", "esp:vfat:", "linux:xfs:sys"]);
  assert.deepEqual(typesOf([], []), ["linux:xfs:sys"]);
  assert.deepEqual(typesOf([gptDisk], ["bios", "uefi"]), ["bios-boot", "esp:vfat:", "linux:ext4:root"]);
  assert.deepEqual(typesOf([mbrDisk], ["bios"])[0], "linux:ext3:");
});

const recordedNames = new Set(
  readdirSync(join(import.meta.dirname, "recorded")).map((file) => file.replace(/\.json$/, "")),
);

/** What lsblk and pvs say in the systems that `test/integration/disk-stack.slow.test.ts` builds and starts. */
function recorded(name: string, withGroups = true): DiskFact[] {
  const text = readFileSync(join(import.meta.dirname, "recorded", `${name}.json`), "utf8");
  const { lsblk, pvs } = JSON.parse(text) as { readonly lsblk: unknown; readonly pvs: unknown };
  return parseDisks(JSON.stringify(lsblk), withGroups ? JSON.stringify(pvs) : "");
}

for (const { name, layout } of stackCases.filter(({ name: each }) => recordedNames.has(each)))
  test(`layoutOfDisks() describes the disks of a system with arrays, groups or LUKS as they were laid out: ${name}`, () => {
    const wanted = shapeOf(readLayout(layout, name));
    for (const withGroups of [true, false])
      assert.deepEqual(shapeOf(layoutOfDisks(recorded(name, withGroups))), wanted);
    // What was described fits on the disks that it comes from, and is read back as it was written.
    const described = layoutOfDisks(recorded(name));
    assert.deepEqual(readLayout(writeLayout(described), name), described);
    const sizes = new Map(recorded(name).map((disk) => [disk.name, disk.sizeBytes]));
    planDisks(described, { sizes, firmware: [], usage: new Map(), uuids: seededUuids(name) });
  });
