import * as fc from "fast-check";
import type { DiskLayout, Layout, PartitionContent, PartitionLayout } from "../../src/system/disk/layout/layout.ts";

const mib = 2 ** 20;

const size: fc.Arbitrary<PartitionLayout["size"]> = fc.oneof(
  fc.integer({ min: 1, max: 4096 }).map((units) => ({ kind: "bytes" as const, sizeBytes: units * mib })),
  fc.integer({ min: 1, max: 2 ** 32 }).map((sizeBytes) => ({ kind: "bytes" as const, sizeBytes })),
  fc.integer({ min: 1, max: 25 }).map((percent) => ({ kind: "percent" as const, percent })),
  fc.constantFrom({ kind: "fill" as const }, { kind: "minimum" as const }),
);

const label = fc.stringMatching(/^[A-Za-z0-9_.-]{1,11}$/);

function content(mountPoint: string): fc.Arbitrary<PartitionContent | undefined> {
  return fc.oneof(
    fc.record(
      {
        kind: fc.constant("file-system" as const),
        type: fc.constantFrom("ext2" as const, "ext3" as const, "ext4" as const, "xfs" as const, "btrfs" as const),
        mountPoint: fc.constant(mountPoint),
        label,
        uuid: fc.uuid(),
      },
      { requiredKeys: ["kind", "type"], noNullPrototype: true },
    ),
    fc.record(
      { kind: fc.constant("swap" as const), label, uuid: fc.uuid() },
      { requiredKeys: ["kind"], noNullPrototype: true },
    ),
    fc.record(
      { kind: fc.constant("raw" as const), stream: fc.constantFrom("windows", "vendor-1") },
      { noNullPrototype: true },
    ),
    fc.constant(undefined),
  );
}

function partition(mountPoint: string): fc.Arbitrary<PartitionLayout> {
  return fc
    .record(
      { size, minimumBytes: fc.integer({ min: 1, max: 64 }).map((units) => units * mib), content: content(mountPoint) },
      { requiredKeys: ["size"], noNullPrototype: true },
    )
    .map(({ content: held, ...rest }) => ({
      type: held?.kind === "swap" ? "swap" : "linux",
      ...rest,
      ...(held && { content: held }),
    }));
}

function partitions(prefix: string, most: number): fc.Arbitrary<PartitionLayout[]> {
  return fc
    .integer({ min: 0, max: most })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => partition(`/${prefix}${index}`))));
}

const gpt: fc.Arbitrary<DiskLayout> = fc
  .record({ partitions: partitions("gpt", 8), id: fc.uuid() }, { requiredKeys: ["partitions"], noNullPrototype: true })
  .map((disk) => ({ name: "one", table: "gpt", ...disk }));

const mbr: fc.Arbitrary<DiskLayout> = fc
  .record({ before: partitions("mbr", 3), extended: size, logical: partitions("logical", 5) })
  .map(({ before, extended, logical }) => ({
    name: "two",
    table: "mbr",
    partitions: [
      ...before,
      { type: "extended", size: extended },
      ...logical.map((inside) => ({ ...inside, isLogical: true })),
    ],
  }));

/** Layouts of one or two disks that no table refuses; whether they fit is another matter. */
export const arbitraryLayout: fc.Arbitrary<Layout> = fc
  .oneof(fc.tuple(gpt), fc.tuple(mbr), fc.tuple(gpt, mbr))
  .map((disks) => ({ version: 1, disks }));
