import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout, PartitionLayout } from "../layout/layout.ts";
import type { Firmware } from "./layout-check.ts";
import { planDisks } from "./plan-disk.ts";
import { seededUuids } from "./uuids.ts";

test("planDisks() makes one partition of an MBR active for a BIOS, the one that is started from", () => {
  const root: PartitionLayout = {
    type: "linux",
    size: { kind: "fill" },
    content: { kind: "file-system", type: "ext4", mountPoint: "/" },
  };
  const small: PartitionLayout = {
    type: "swap",
    size: { kind: "bytes", sizeBytes: 2 ** 20 },
    content: { kind: "swap" },
  };
  const activeIn = (partitions: readonly PartitionLayout[], firmware: readonly Firmware[]): number[] => {
    const layout: Layout = { version: 1, disks: [{ name: "disk", table: "mbr", partitions }] };
    const [disk] = planDisks(layout, {
      sizes: new Map([["disk", 2 ** 30]]),
      firmware,
      usage: new Map(),
      uuids: seededUuids("test"),
    }).disks;
    return (disk?.partitions ?? []).filter(({ isActive }) => isActive).map(({ number }) => number);
  };
  assert.deepEqual(activeIn([small, root], ["bios"]), [2]);
  assert.deepEqual(activeIn([small, root], []), []);
  assert.deepEqual(activeIn([{ ...small, isActive: true }, root], ["bios"]), [1]);
  const extended: PartitionLayout = { type: "extended", size: { kind: "fill" } };
  assert.deepEqual(activeIn([small, extended, { ...root, isLogical: true }], ["bios"]), [1]);
});
