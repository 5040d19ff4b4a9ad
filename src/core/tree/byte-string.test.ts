import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { byteStrings } from "../../../test/support/arbitrary.ts";
import { holds } from "../../../test/support/properties.ts";
import { byteStringFromText, displayBytes, parseDisplayed, type ByteString } from "./byte-string.ts";

test("parseDisplayed() gives back what displayBytes() was given", async (context) => {
  await holds(
    context,
    fc.property(byteStrings({ maxLength: 40 }), (bytes) => {
      assert.equal(parseDisplayed(displayBytes(bytes)), bytes);
    }),
    2000,
  );
  await holds(
    context,
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      const bytes = byteStringFromText(text);
      assert.equal(parseDisplayed(displayBytes(bytes)), bytes);
      assert.equal(bytes, Buffer.from(text).toString("latin1"));
    }),
    2000,
  );
});

test("displayBytes() shows text as it is and nothing that moves a cursor", async (context) => {
  const shown: readonly (readonly [string, string])[] = [
    ["plain name", "plain name"],
    ["new\nline\ttab\\", "new\\nline\\ttab\\\\"],
    ["\x1b[31mred", "\\x1b[31mred"],
    ["bad-\xff\xfe\xe9-name", "bad-\\xff\\xfe\\xe9-name"],
    [byteStringFromText("größe 文件 🙂"), "größe 文件 🙂"],
    [byteStringFromText("left\u202eright\u2028\u00ad"), "left\\xe2\\x80\\xaeright\\xe2\\x80\\xa8\\xc2\\xad"],
    ["\xed\xa0\x80", "\\xed\\xa0\\x80"],
    ["\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"],
    ["\xc3", "\\xc3"],
    ["\xc0\xaf", "\\xc0\\xaf"],
  ];
  for (const [bytes, text] of shown) assert.equal(displayBytes(bytes as ByteString), text);
  await holds(
    context,
    fc.property(byteStrings({ maxLength: 40 }), (bytes) => {
      assert.doesNotMatch(displayBytes(bytes), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }),
    2000,
  );
});

test("parseDisplayed() takes what a person types", () => {
  assert.equal(parseDisplayed("größe"), Buffer.from("größe").toString("latin1"));
  assert.equal(parseDisplayed("\\xFf\\n"), "\xff\n");
  assert.equal(parseDisplayed("a\\"), "a\\");
  assert.equal(parseDisplayed("\\x1"), "\\x1");
  assert.equal(parseDisplayed("\\q"), "\\q");
});
