import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import { parseDigestList } from "./digest-list.ts";

const md5 = "0123456789abcdef0123456789abcdef";

test("parseDigestList() reads paths with spaces and bytes of any kind", () => {
  const text = `${md5}  usr/bin/a b\n${md5} *./usr/\xff\n${md5}  /usr/c` as ByteString;
  assert.deepEqual(parseDigestList(text, 10), [
    { path: "usr/bin/a b", md5 },
    { path: "usr/\xff", md5 },
    { path: "usr/c", md5 },
  ]);
});

test("parseDigestList() passes over other lines, and stops at its limit", () => {
  const text = `\n${md5}\n${md5.toUpperCase()}  a\n${md5}  ../../etc/shadow\n${md5}  a/../../b\n${md5}  \n${md5}x a\n`;
  assert.deepEqual(parseDigestList(text as ByteString, 10), []);
  assert.equal(parseDigestList(`${md5}  a\n`.repeat(100) as ByteString, 10).length, 10);
});
