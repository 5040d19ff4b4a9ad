import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { chunkIds, paths } from "../../../test/support/arbitrary.ts";
import { holds } from "../../../test/support/properties.ts";
import { FormatInvalidError, FormatUnknownError } from "../errors.ts";
import { limits } from "./limits.ts";
import { decodeTopTable, encodeTopTable } from "./top-table.ts";

const segments = fc.array(
  fc
    .tuple(chunkIds, fc.integer({ min: 0, max: limits.chunkBytes }), fc.nat(limits.chunkBytes), paths)
    .map(([id, lengthBytes, records, firstPath]) => ({ id, lengthBytes, records, firstPath })),
);

test("decodeTopTable() gives back what encodeTopTable() was given", async (context) => {
  await holds(
    context,
    fc.property(segments, (list) => assert.deepEqual(decodeTopTable(encodeTopTable(list)), list)),
    500,
  );
});

test("decodeTopTable() refuses a table of another version by its number", () => {
  assert.throws(() => decodeTopTable(Buffer.from("0200", "hex")), FormatUnknownError);
});

test("decodeTopTable() refuses counts and lengths that do not fit", () => {
  for (const hex of [
    "",
    "01",
    "0101",
    "0100ff",
    "01ffffffffffffff0f",
    `0101${"ab".repeat(32)}81808002${"00".repeat(2)}`,
    `0101${"ab".repeat(32)}0000ff7f`,
  ])
    assert.throws(() => decodeTopTable(Buffer.from(hex, "hex")), FormatInvalidError, hex);
});
