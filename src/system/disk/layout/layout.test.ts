import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { arbitraryLayout } from "../../../../test/support/arbitrary-layout.ts";
import { holds } from "../../../../test/support/properties.ts";
import { withoutUuids } from "./layout.ts";
import { partitionTypeCode, partitionTypeName } from "./partition-types.ts";

test("withoutUuids() leaves everything but the UUIDs", async (context) => {
  const names = new Set(["id", "uuid", "partitionUuid"]);
  await holds(
    context,
    fc.property(arbitraryLayout, (layout) => {
      const expected: unknown = JSON.parse(JSON.stringify(layout), (key, value: unknown) =>
        names.has(key) ? undefined : value,
      );
      assert.deepEqual(withoutUuids(layout), expected);
    }),
  );
});

test("partitionTypeName() names what partitionTypeCode() wrote, in either table", () => {
  for (const table of ["gpt", "mbr"] as const)
    for (const type of ["linux", "swap", "esp", "bios-boot", "extended", "microsoft-data", "lvm", "raid"]) {
      const code = partitionTypeCode(type, table);
      if (code !== undefined) assert.equal(partitionTypeName(code, table), type);
    }
  assert.equal(partitionTypeName("0x5", "mbr"), "extended");
  assert.equal(partitionTypeName("f", "mbr"), "extended");
  assert.equal(partitionTypeName("7", "mbr"), "0x07");
  assert.equal(partitionTypeCode("0x7", "mbr"), "07");
  const other = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";
  assert.equal(partitionTypeName(other, "gpt"), other.toUpperCase());
  assert.equal(partitionTypeCode("toString", "gpt"), undefined);
});
