import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../core/errors.ts";
import { parseBootLoader } from "./boot-loader.ts";

test("parseBootLoader() reads grub with modules, as the KA method writes it", () => {
  assert.deepEqual(parseBootLoader("grub"), []);
  assert.deepEqual(parseBootLoader("grub --with=jfs --with=ata_piix"), ["jfs", "ata_piix"]);
});

test("parseBootLoader() refuses lilo with the reason, and what it does not know", () => {
  assert.throws(() => parseBootLoader("lilo"), { code: "USAGE", message: /lilo.*blocks/ });
  for (const text of ["", "syslinux", "grub jfs", "grub --with=", "grub --with=a;b", "grub --force"])
    assert.throws(() => parseBootLoader(text), UsageError, text);
});
