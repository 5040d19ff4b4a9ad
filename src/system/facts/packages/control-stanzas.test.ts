import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import { parseControlStanzas } from "./control-stanzas.ts";

function stanzas(text: string): unknown[] {
  const wanted = new Set(["package", "conffiles"]);
  return [...parseControlStanzas(text as ByteString, wanted)].map((stanza) => Object.fromEntries(stanza));
}

test("parseControlStanzas() keeps wanted fields with their further lines", () => {
  const text = "Package: a\nConffiles:\n /etc/a 1\n /etc/b 2\nDescription: x\n more\n\n\nPACKAGE:b\nPackage: twice\n";
  assert.deepEqual(stanzas(text), [{ package: "a", conffiles: "\n /etc/a 1\n /etc/b 2" }, { package: "b" }]);
});

test("parseControlStanzas() passes over what is no field, and takes an end without newline", () => {
  assert.deepEqual(stanzas(" lost\nno colon\n:x\n\r\nPackage: a\r\n\tmore"), [{ package: "a\n\tmore" }]);
  assert.deepEqual(stanzas(""), []);
});
