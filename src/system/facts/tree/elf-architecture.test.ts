import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import { parseElfArchitecture } from "./elf-architecture.ts";

function header(bits: 1 | 2, order: 1 | 2, machine: readonly [number, number]): ByteString {
  const ident = ["\x7fELF", bits, order, 1].map((part) =>
    typeof part === "string" ? part : String.fromCharCode(part),
  );
  return `${ident.join("")}${"\0".repeat(11)}${String.fromCharCode(...machine)}` as ByteString;
}

test("parseElfArchitecture() names machines as uname does, in both byte orders", () => {
  assert.equal(parseElfArchitecture(header(2, 1, [62, 0])), "x86_64");
  assert.equal(parseElfArchitecture(header(2, 1, [183, 0])), "aarch64");
  assert.equal(parseElfArchitecture(header(1, 1, [3, 0])), "i686");
  assert.equal(parseElfArchitecture(header(2, 2, [0, 22])), "s390x");
  assert.equal(parseElfArchitecture(header(2, 1, [2, 1])), "loongarch64");
});

test("parseElfArchitecture() knows nothing of other files", () => {
  for (const bytes of ["", "#!/bin/sh -e and so on\n", header(2, 1, [255, 255]), header(2, 1, [62, 0]).slice(0, 19)])
    assert.equal(parseElfArchitecture(bytes as ByteString), undefined);
});
