import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { parse } from "yaml";
import { arbitraryLayout } from "../../../../../test/support/arbitrary-layout.ts";
import { holds } from "../../../../../test/support/properties.ts";
import { LayoutInvalidError } from "../errors.ts";
import { readLayout } from "./read-layout.ts";
import { writeLayout } from "./write-layout.ts";

const example = `# a server
version: 1
disks:
  - table: gpt
    id: 11111111-2222-4333-8444-555555555555
    partitions:
      - {type: bios-boot, size: 1MiB}
      - {type: esp, size: 128MiB}
      - {size: 25%, fileSystem: ext4, mount: /, label: root, options: noatime}
      - {fileSystem: swap, size: 512M}
      - {size: fill, minimum: 1GiB, fileSystem: xfs, mount: /srv//data/}
  - name: other
    table: mbr
    id: 00000012
    partitions:
      - {type: 0x7, size: 4096, stream: windows}
      - {type: extended, size: fill}
      - {type: 83, size: minimum, logical: true, fileSystem: btrfs}
`;

test("readLayout() reads every key, with its defaults", () => {
  const { disks } = readLayout(example, "example.yaml");
  assert.deepEqual(disks[0], {
    name: "disk",
    table: "gpt",
    id: "11111111-2222-4333-8444-555555555555",
    partitions: [
      { type: "bios-boot", size: { kind: "bytes", sizeBytes: 2 ** 20 } },
      {
        type: "esp",
        size: { kind: "bytes", sizeBytes: 128 * 2 ** 20 },
        content: { kind: "file-system", type: "vfat", mountPoint: "/boot/efi" },
      },
      {
        type: "linux",
        size: { kind: "percent", percent: 25 },
        content: { kind: "file-system", type: "ext4", label: "root", mountPoint: "/", mountOptions: "noatime" },
      },
      { type: "swap", size: { kind: "bytes", sizeBytes: 512 * 2 ** 20 }, content: { kind: "swap" } },
      {
        type: "linux",
        size: { kind: "fill" },
        minimumBytes: 2 ** 30,
        content: { kind: "file-system", type: "xfs", mountPoint: "/srv/data" },
      },
    ],
  });
  assert.deepEqual(disks[1], {
    name: "other",
    table: "mbr",
    id: "00000012",
    partitions: [
      { type: "0x7", size: { kind: "bytes", sizeBytes: 4096 }, content: { kind: "raw", stream: "windows" } },
      { type: "extended", size: { kind: "fill" } },
      {
        type: "83",
        size: { kind: "minimum" },
        isLogical: true,
        content: { kind: "file-system", type: "btrfs" },
      },
    ],
  });
});

const one = (partition: string): string => `version: 1\ndisks:\n- table: gpt\n  partitions:\n  - ${partition}\n`;

test("readLayout() names the line and the path of what is wrong", () => {
  const wrong: readonly (readonly [string, number | undefined, string])[] = [
    ["", undefined, ""],
    ["version: 2\ndisks: []", 1, "version"],
    ["version: 1", 1, ""],
    ["version: 1\ndisks: []", 2, "disks"],
    ["version: 1\ndisks:\n- tabel: gpt\n", 3, "disks[0]"],
    ["version: 1\ndisks:\n- table: dos\n  partitions: []", 3, "disks[0].table"],
    ["version: 1\ndisks:\n- table: mbr\n  id: 123\n  partitions: []", 4, "disks[0].id"],
    [
      "version: 1\ndisks:\n- {name: a, table: mbr, partitions: []}\n- {name: a, table: mbr, partitions: []}",
      4,
      "disks[1].name",
    ],
    ["version: 1\nversion: 1\n", 2, ""],
    ["version: 1\ndisks: [\n", 3, ""],
    [one("{}"), 5, "disks[0].partitions[0]"],
    [one("{size: 0}"), 5, "disks[0].partitions[0].size"],
    [one("{size: 101%}"), 5, "disks[0].partitions[0].size"],
    [one("{size: [fill]}"), 5, "disks[0].partitions[0].size"],
    [one("{size: fill,\n     minimum: 10%}"), 6, "disks[0].partitions[0].minimum"],
    [one("{size: fill, type: windows}"), 5, "disks[0].partitions[0].type"],
    [one("{size: fill, logical: 1}"), 5, "disks[0].partitions[0].logical"],
    [one("{size: fill, fileSystem: ntfs}"), 5, "disks[0].partitions[0].fileSystem"],
    [one("{size: fill, fileSystem: ext4, mount: srv}"), 5, "disks[0].partitions[0].mount"],
    [one("{size: fill, fileSystem: ext4, mount: /a/../b}"), 5, "disks[0].partitions[0].mount"],
    [one("{size: fill, fileSystem: ext4, uuid: 1234-5678}"), 5, "disks[0].partitions[0].uuid"],
    [one("{size: fill, fileSystem: swap, mount: /}"), 5, "disks[0].partitions[0].mount"],
    [one("{size: fill, label: root}"), 5, "disks[0].partitions[0].label"],
    [one("{size: fill, fileSystem: ext4, stream: a}"), 5, "disks[0].partitions[0].stream"],
    [one("{size: &a fill, type: *a}"), 5, "disks[0].partitions[0].type"],
    [one("{size: !!js/function fill}"), 5, ""],
  ];
  for (const [text, line, path] of wrong)
    assert.throws(
      () => readLayout(text, "l.yaml"),
      (error: unknown) => {
        assert.ok(error instanceof LayoutInvalidError, String(error));
        assert.deepEqual([error.line, error.path], [line, path], `${text}\n${error.message}`);
        assert.match(error.message, /"l\.yaml"/);
        return true;
      },
    );
});

test("readLayout() refuses a text that is too long or too deep", () => {
  for (const text of ["#".repeat(2 ** 17 + 1), "[".repeat(2 ** 17), "- ".repeat(2 ** 16)])
    assert.throws(() => readLayout(text, "l.yaml"), LayoutInvalidError);
});

test("readLayout() reads what writeLayout() wrote, and both keep to the published schema", async (context) => {
  const validate = schemaOf();
  assert.equal(validate(parse(example)), true, JSON.stringify(validate.errors));
  await holds(
    context,
    fc.property(arbitraryLayout, (layout) => {
      const text = writeLayout(layout);
      assert.deepEqual(readLayout(text, "l.yaml"), layout);
      assert.equal(validate(parse(text)), true, JSON.stringify(validate.errors));
    }),
  );
});

test("the published schema refuses what readLayout() refuses, as far as a schema can", () => {
  const validate = schemaOf();
  for (const partition of [
    "{}",
    "{size: 101 percent}",
    "{size: fill, fileSystem: ntfs}",
    "{size: fill, mount: srv}",
    "{size: fill, x: 1}",
  ])
    assert.equal(validate(parse(one(partition))), false, partition);
});

function schemaOf(): ValidateFunction {
  const path = join(import.meta.dirname, "../../../../../docs/format/layout.schema.json");
  return new Ajv2020({ allErrors: true }).compile(JSON.parse(readFileSync(path, "utf8")) as object);
}
