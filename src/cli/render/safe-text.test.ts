import assert from "node:assert/strict";
import { test } from "node:test";
import { safeJson, safeText } from "./safe-text.ts";

test("safeText() shows what could move a cursor, forge a line or turn text round", () => {
  assert.equal(safeText("a\u001b[31mb\n\u009bc\u202ed\ud800"), String.raw`a\u{1b}[31mb\u{a}\u{9b}c\u{202e}d\u{d800}`);
});

test("safeText() leaves writing of all kinds alone", () => {
  const text = String.raw`Grüße, 日本語, \x1b, 👩‍💻`;
  assert.equal(safeText(text), text);
});

test("safeJson() escapes what JSON allows, and changes no value", () => {
  const value = { name: "a\u007f\u009b\u202e\u{e0001}\u2028b", "\u0085": ["\u001b"] };
  const json = safeJson(JSON.stringify(value, undefined, 2));
  assert.deepEqual(JSON.parse(json), value);
  assert.match(json, /^[\n\x20-\x7e]*$/);
});
