import assert from "node:assert/strict";
import { test } from "node:test";
import { cellWidth, cutToCells } from "./cell-width.ts";
import { formatTable, type Column } from "./table.ts";

interface Row {
  readonly name: string;
  readonly size: string;
  readonly kind: string;
}

const columns: readonly Column<Row>[] = [
  { title: "NAME", cell: ({ name }) => name, cuttable: true },
  { title: "SIZE", cell: ({ size }) => size, align: "right" },
  { title: "KIND", cell: ({ kind }) => kind, dispensable: 1 },
];
const rows = [
  { name: "a", size: "1 B", kind: "host" },
  { name: "a-rather-long-name", size: "730 MiB", kind: "directory" },
];

test("formatTable() shows everything where there is room", () => {
  assert.deepEqual(formatTable(columns, rows, Number.POSITIVE_INFINITY), [
    "NAME                   SIZE  KIND",
    "a                       1 B  host",
    "a-rather-long-name  730 MiB  directory",
  ]);
});

test("formatTable() leaves out dispensable columns, then cuts", () => {
  assert.deepEqual(formatTable(columns, rows, 30), [
    "NAME                   SIZE",
    "a                       1 B",
    "a-rather-long-name  730 MiB",
  ]);
  assert.deepEqual(formatTable(columns, rows, 20), [
    "NAME            SIZE",
    "a                1 B",
    "a-rather-l…  730 MiB",
  ]);
});

test("formatTable() is never wider than it may be", () => {
  for (let width = 1; width < 60; width++)
    for (const line of formatTable(columns, rows, width)) assert.ok(cellWidth(line) <= width, `${width}: ${line}`);
});

test("cellWidth() counts wide characters twice and marks not at all", () => {
  assert.equal(cellWidth("日本"), 4);
  assert.equal(cellWidth("e\u0301"), 1);
  assert.equal(cellWidth("🙂"), 2);
  assert.equal(cutToCells("日本語", 4), "日…");
  assert.equal(cutToCells("abc", 3), "abc");
  assert.equal(cutToCells("abc", 0), "");
});
