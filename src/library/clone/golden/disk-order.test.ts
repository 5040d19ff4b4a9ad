import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parseImageOperand } from "../../../core/operand.ts";
import type { DiskFact, ManifestHead } from "../../../core/manifest/manifest.ts";
import { readLayout } from "../../../system/disk/layout/yaml/read-layout.ts";
import { testPlace } from "../../../../test/support/place.ts";
import { capture } from "../../capture/capture.ts";
import { openStore } from "../../store/store.ts";
import { orderDisks, orderedImage, type CloneDisks } from "./disk-order.ts";

const gib = 2 ** 30;
const diskOf = (name: string, mountPoint: string, uuid: string): DiskFact => ({
  name,
  type: "disk",
  sizeBytes: 8 * gib,
  partitionTable: "dos",
  children: [
    {
      name: `${name}1`,
      type: "part",
      sizeBytes: 7 * gib,
      startSector: 2048,
      partitionType: "0x83",
      fileSystem: "ext4",
      uuid,
      mountPoints: [mountPoint],
    },
  ],
});

/** What is said of the disks of a captured host with two of them, and a third that nothing is mounted from. */
async function order(context: TestContext, disks: CloneDisks, identity?: "reset" | "keep") {
  const { directory, paths } = testPlace(context);
  mkdirSync(join(directory, "tree/srv"), { recursive: true });
  writeFileSync(join(directory, "tree/srv/data"), "x".repeat(5000));
  await capture(join(directory, "tree"), { paths, name: "web" });
  using store = await openStore({ paths });
  await using opened = await store.openImage(parseImageOperand("web"), "test");
  const hostFacts: NonNullable<ManifestHead["hostFacts"]> = {
    kernelRelease: "",
    architecture: "x86_64",
    cpuCount: 1,
    memoryBytes: 1,
    firmware: "bios",
    networkInterfaces: [],
    disks: [
      diskOf("sda", "/", "aaaaaaaa-0000-4000-8000-00000000000a"),
      diskOf("sdb", "/srv", "aaaaaaaa-0000-4000-8000-00000000000b"),
      { name: "sdc", type: "disk", sizeBytes: gib },
    ],
  };
  const manifest = { ...opened.manifest, head: { ...opened.manifest.head, hostFacts } };
  const { layout, usage, ...rest } = await orderDisks(disks, orderedImage(manifest, store.chunks), identity);
  return { ...rest, layout: readLayout(layout, "order"), usage: JSON.parse(usage) as Record<string, object> };
}

const desc = (disk: string, text: string) => ({ disk, file: `${disk}.desc`, text });

test("orderDisks() tells of the golden disks, what is on each, and no UUID to those who become others", async (context) => {
  const kept = await order(context, {}, "keep");
  assert.deepEqual(
    kept.layout.disks.map(({ name, partitions }) => [name, partitions.map(({ content }) => content)]),
    [
      ["sda", [{ kind: "file-system", type: "ext4", uuid: "aaaaaaaa-0000-4000-8000-00000000000a", mountPoint: "/" }]],
      [
        "sdb",
        [{ kind: "file-system", type: "ext4", uuid: "aaaaaaaa-0000-4000-8000-00000000000b", mountPoint: "/srv" }],
      ],
    ],
  );
  assert.deepEqual(Object.keys(kept.usage), ["/", "/srv"]);
  assert.deepEqual([kept.mayErase, kept.bootRecords], [false, "{}"]);
  const reset = await order(context, { mayErase: true }, "reset");
  assert.doesNotMatch(JSON.stringify(reset.layout), /uuid/);
  assert.equal(reset.mayErase, true);
});

test("orderDisks() goes by desc files and leaves disks out, in the words of the KA method", async (context) => {
  const other = { descs: [desc("sda", "swap 512\nlinux fill\n")], leftOut: ["sdb", "sdc"] };
  await assert.rejects(order(context, other), /has 2 partitions \(swap, linux\), the image has 1/);
  const one = await order(context, { descs: [desc("sda", "linux 3500\n")], leftOut: ["sdb", "sdc"] });
  assert.deepEqual(
    one.layout.disks.map(({ name, partitions }) => [name, partitions[0]?.size]),
    [["sda", { kind: "bytes", sizeBytes: 3500 * 2 ** 20 }]],
  );
  assert.deepEqual(Object.keys(one.usage), ["/"]);
});

test("orderDisks() refuses names of disks that there are not, and to leave out all", async (context) => {
  for (const disks of [
    { leftOut: ["sdz"] },
    { leftOut: ["sda", "sdb"] },
    { bootRecords: { sdc: "" } },
  ] satisfies CloneDisks[])
    await assert.rejects(order(context, disks), { code: "USAGE" });
  const file = {
    file: "lab.yaml",
    text: "version: 1\ndisks:\n  - {table: gpt, partitions: [{size: fill, stream: none}]}\n",
  };
  await assert.rejects(order(context, { layout: file }), { code: "LAYOUT_REFUSED" });
});
