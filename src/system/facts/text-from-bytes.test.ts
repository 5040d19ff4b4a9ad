import assert from "node:assert/strict";
import { test } from "node:test";
import { byteStringFromText, type ByteString } from "../../core/tree/byte-string.ts";
import { textFromBytes } from "./text-from-bytes.ts";

test("textFromBytes() reads UTF-8 and marks what is none", () => {
  assert.equal(textFromBytes(byteStringFromText("Größe 漢\n")), "Größe 漢\n");
  assert.equal(textFromBytes("a\xffb" as ByteString), "a\ufffdb");
});

test("textFromBytes() drops what moves a cursor or turns text around", () => {
  assert.equal(textFromBytes(byteStringFromText("a\u001b[2J\u0007\u009b\u202e\tb\r\n")), "a[2J\tb\n");
});
