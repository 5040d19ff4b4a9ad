import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { arbitraryLayout } from "../../../../test/support/arbitrary-layout.ts";
import { holds } from "../../../../test/support/properties.ts";
import { LayoutRefusedError } from "../layout/errors.ts";
import type { Layout, PartitionLayout } from "../layout/layout.ts";
import { mountsOf, type DiskPlan } from "./disk-plan.ts";
import { partitionFloorBytes, smallestDiskBytes, type UsageByMountPoint } from "./disk-room.ts";
import { planDisks, type PlanTarget } from "./plan-disk.ts";
import { seededUuids } from "./uuids.ts";

const mib = 2 ** 20;
const gib = 2 ** 30;
const sectorBytes = 512;

const usage: fc.Arbitrary<UsageByMountPoint> = fc
  .array(
    fc.tuple(
      fc.constantFrom(...["gpt", "mbr", "logical"].flatMap((name) => [0, 1, 2].map((index) => `/${name}${index}`))),
      fc.record({ bytes: fc.integer({ min: 0, max: gib }), entries: fc.integer({ min: 1, max: 100_000 }) }),
    ),
  )
  .map((pairs) => new Map(pairs));

const target = (sizes: readonly (readonly [string, number])[], more: Partial<PlanTarget> = {}): PlanTarget => ({
  sizes: new Map(sizes),
  firmware: [],
  usage: new Map(),
  uuids: seededUuids("test"),
  ...more,
});

test("planDisks() never overlaps, never needs more than there is, and gives each its minimum", async (context) => {
  const sizes = fc.integer({ min: 1, max: 64 * 1024 }).map((units) => units * mib + 512);
  let planned = 0;
  await holds(
    context,
    fc.property(arbitraryLayout, usage, sizes, fc.constantFrom(512, 4096), (layout, taken, sizeBytes, sector) => {
      const aim = target(
        layout.disks.map(({ name }) => [name, sizeBytes]),
        { usage: taken, sectorBytes: sector },
      );
      const plan = planOrRefusal(layout, aim);
      if (plan instanceof LayoutRefusedError) {
        assert.ok(plan.refusals.every(({ missingBytes }) => missingBytes === undefined || missingBytes > 0));
        return;
      }
      planned++;
      assertSound(layout, plan, taken);
    }),
    500,
  );
  context.diagnostic(`${planned} plans`);
  assert.ok(planned > 100);
});

test("planDisks() fits on the disk that smallestDiskBytes() names, and not on one a unit smaller", async (context) => {
  await holds(
    context,
    fc.property(arbitraryLayout, usage, ({ disks: [disk] }, taken) => {
      assert.ok(disk);
      const smallest = smallestDiskBytes(disk, taken);
      const layout: Layout = { version: 1, disks: [disk] };
      const isFit = (sizeBytes: number): boolean =>
        !(planOrRefusal(layout, target([[disk.name, sizeBytes]], { usage: taken })) instanceof LayoutRefusedError);
      // An absolute size below the need of its content fits nowhere.
      const isHopeless = smallest === undefined || !isFit(2 ** 50);
      if (isHopeless) return;
      assert.ok(isFit(smallest), `${smallest} is too small`);
      assert.ok(!isFit(smallest - mib), `${smallest - mib} is enough`);
    }),
  );
});

function planOrRefusal(layout: Layout, aim: PlanTarget): DiskPlan | LayoutRefusedError {
  try {
    return planDisks(layout, aim);
  } catch (error) {
    assert.ok(error instanceof LayoutRefusedError, String(error));
    return error;
  }
}

function assertSound(layout: Layout, plan: DiskPlan, taken: UsageByMountPoint): void {
  for (const [index, disk] of plan.disks.entries()) {
    const lastSector = Math.floor(disk.sizeBytes / plan.sectorBytes) - (disk.table === "gpt" ? 33 : 0);
    const spans = disk.partitions.map((partition) => ({
      ...partition,
      end: partition.startSector + partition.sectorCount,
    }));
    const extended = spans.find(({ type }) => type === "extended");
    for (const [position, partition] of spans.entries()) {
      const wanted = layout.disks[index]?.partitions[position] as PartitionLayout;
      const { startSector, sectorCount, end } = partition;
      assert.equal((startSector * plan.sectorBytes) % mib, 0);
      assert.ok(sectorCount * plan.sectorBytes >= Math.max(mib, partitionFloorBytes(wanted, taken)));
      assert.ok(startSector * plan.sectorBytes >= mib && end <= lastSector, "outside the disk");
      if (wanted.size.kind === "bytes")
        assert.equal(sectorCount * plan.sectorBytes, Math.ceil(wanted.size.sizeBytes / mib) * mib);
      if (partition.isLogical) {
        assert.ok(
          extended &&
            startSector * plan.sectorBytes >= extended.startSector * plan.sectorBytes + mib &&
            end <= extended.end,
        );
      }
      for (const other of spans.slice(0, position)) {
        if (other.type === "extended" && partition.isLogical) continue;
        const gapBytes = partition.isLogical && other.isLogical ? mib : 0;
        assert.ok(end <= other.startSector || other.end + gapBytes / plan.sectorBytes <= startSector, "they overlap");
      }
    }
  }
}

const server: Layout = {
  version: 1,
  disks: [
    {
      name: "disk",
      table: "gpt",
      partitions: [
        { type: "bios-boot", size: { kind: "bytes", sizeBytes: mib } },
        {
          type: "esp",
          size: { kind: "bytes", sizeBytes: 64 * mib },
          content: { kind: "file-system", type: "vfat", mountPoint: "/boot/efi" },
        },
        {
          type: "linux",
          size: { kind: "fill" },
          content: { kind: "file-system", type: "ext4", label: "root", mountPoint: "/" },
        },
        { type: "swap", size: { kind: "percent", percent: 10 }, content: { kind: "swap" } },
        {
          type: "linux",
          size: { kind: "fill" },
          content: { kind: "file-system", type: "ext4", mountPoint: "/srv" },
        },
      ],
    },
  ],
};

test("planDisks() shares the rest out and says where everything lies", () => {
  const plan = planDisks(server, target([["disk", 8 * gib]], { firmware: ["bios", "uefi"] }));
  const rows = plan.disks[0]?.partitions.map(({ number, startSector, sectorCount, typeCode }) => [
    number,
    (startSector * sectorBytes) / mib,
    (sectorCount * sectorBytes) / mib,
    typeCode.slice(0, 8),
  ]);
  assert.deepEqual(rows, [
    [1, 1, 1, "21686148"],
    [2, 2, 64, "C12A7328"],
    [3, 66, 3653, "0FC63DAF"],
    [4, 3719, 819, "0657FD6D"],
    [5, 4538, 3653, "0FC63DAF"],
  ]);
  assert.deepEqual(
    mountsOf(plan).map(({ mountPoint }) => mountPoint),
    ["/", "/boot/efi", "/srv"],
  );
});

test("planDisks() makes the same UUIDs from the same seed, others from another, and keeps those that are given", () => {
  const uuidsOf = (seed: string): string[] => {
    const [disk] = planDisks(server, target([["disk", 8 * gib]], { uuids: seededUuids(seed) })).disks;
    return [
      disk?.id ?? "",
      ...(disk?.partitions ?? []).flatMap(({ partitionUuid, content }) => [
        partitionUuid,
        ...("uuid" in content ? [content.uuid] : []),
        ...("hashSeed" in content ? [content.hashSeed ?? ""] : []),
      ]),
    ];
  };
  const ofOne = uuidsOf("one");
  assert.deepEqual(uuidsOf("one"), ofOne);
  assert.equal(new Set([...ofOne, ...uuidsOf("two")]).size, 2 * ofOne.length);
  const version8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.deepEqual(
    ofOne.filter((uuid) => !version8.test(uuid)).map((uuid) => uuid.length),
    ["ABCD-1234".length],
  );
});

test("planDisks() says by how many bytes it does not fit", () => {
  const taken: UsageByMountPoint = new Map([["/", { bytes: 700 * mib, entries: 20_000 }]]);
  const refusalAt = (sizeBytes: number): LayoutRefusedError => {
    const refusal = planOrRefusal(server, target([["disk", sizeBytes]], { usage: taken }));
    assert.ok(refusal instanceof LayoutRefusedError);
    return refusal;
  };
  const { refusals } = refusalAt(500 * mib);
  assert.deepEqual(
    refusals.map(({ reason, disk }) => [reason, disk]),
    [["too-small", "disk"]],
  );
  const missing = refusals[0]?.missingBytes ?? 0;
  assert.equal(refusalAt(500 * mib - mib).refusals[0]?.missingBytes, missing + mib);

  const small: Layout = {
    version: 1,
    disks: [
      {
        name: "disk",
        table: "gpt",
        partitions: [
          {
            type: "linux",
            size: { kind: "bytes", sizeBytes: 512 * mib },
            content: { kind: "file-system", type: "ext4", mountPoint: "/" },
          },
        ],
      },
    ],
  };
  const tooSmall = planOrRefusal(small, target([["disk", 8 * gib]], { usage: taken }));
  assert.ok(tooSmall instanceof LayoutRefusedError);
  assert.match(tooSmall.message, /partition 1 \(\/\) of disk "disk" has 536870912 bytes/);
});

test("planDisks() refuses what a table or a firmware does not know, each by name", () => {
  const reasonsOf = (
    table: "gpt" | "mbr",
    partitions: readonly PartitionLayout[],
    firmware: PlanTarget["firmware"] = [],
  ): string[] => {
    const refusal = planOrRefusal(
      { version: 1, disks: [{ name: "disk", table, partitions }] },
      target([["disk", gib]], { firmware }),
    );
    return refusal instanceof LayoutRefusedError ? refusal.refusals.map(({ reason }) => reason) : [];
  };
  const small = { size: { kind: "bytes", sizeBytes: mib } } as const;
  const linux = { type: "linux", ...small };
  const mounted = {
    ...linux,
    size: { kind: "minimum" },
    content: { kind: "file-system", type: "ext4", mountPoint: "/" },
  } as const;
  assert.deepEqual(reasonsOf("gpt", [linux]), []);
  assert.deepEqual(reasonsOf("gpt", [{ type: "extended", ...small }]), ["table"]);
  assert.deepEqual(reasonsOf("gpt", [{ ...linux, isActive: true }]), ["table"]);
  assert.deepEqual(reasonsOf("gpt", [{ type: "0x83", ...small }]), ["table"]);
  assert.deepEqual(
    reasonsOf(
      "gpt",
      Array.from({ length: 129 }, () => linux),
    ),
    ["table"],
  );
  assert.deepEqual(
    reasonsOf(
      "mbr",
      Array.from({ length: 5 }, () => linux),
    ),
    ["table"],
  );
  assert.deepEqual(reasonsOf("mbr", [{ type: "bios-boot", ...small }]), ["table"]);
  assert.deepEqual(reasonsOf("mbr", [{ ...linux, isLogical: true }]), ["table"]);
  assert.deepEqual(reasonsOf("mbr", [{ ...linux, name: "root" }]), ["table"]);
  assert.deepEqual(
    reasonsOf("mbr", [
      { ...linux, isActive: true },
      { ...linux, isActive: true },
    ]),
    ["table"],
  );
  assert.deepEqual(reasonsOf("gpt", [mounted, mounted]), ["mounts"]);
  assert.deepEqual(reasonsOf("gpt", [linux], ["bios", "uefi"]), ["firmware", "firmware"]);
  assert.deepEqual(reasonsOf("mbr", [linux], ["bios"]), []);
  const percent = (share: number): PartitionLayout => ({ type: "linux", size: { kind: "percent", percent: share } });
  assert.ok(reasonsOf("gpt", [percent(60), percent(60)]).includes("table"));
});

test("planDisks() refuses an MBR on a disk that it does not reach to the end of", () => {
  const layout: Layout = {
    version: 1,
    disks: [{ name: "disk", table: "mbr", partitions: [{ type: "linux", size: { kind: "fill" } }] }],
  };
  assert.ok(!(planOrRefusal(layout, target([["disk", 2 ** 41]])) instanceof LayoutRefusedError));
  assert.ok(planOrRefusal(layout, target([["disk", 2 ** 42]])) instanceof LayoutRefusedError);
  assert.ok(!(planOrRefusal(layout, target([["disk", 2 ** 42]], { sectorBytes: 4096 })) instanceof LayoutRefusedError));
});
