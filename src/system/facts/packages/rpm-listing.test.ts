import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import { parseRpmListing } from "./rpm-listing.ts";

const sha256 = "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7";
const all = "4294967295";

function parse(text: string): unknown[] {
  return [...parseRpmListing(text as ByteString)];
}

test("parseRpmListing() reads packages with their files, configuration files to be hashed always", () => {
  const text =
    "P\t1700000000\thello\t3:1.0-2\tnoarch\tMIT and GPLv2+\n" +
    `F\t${sha256}\t17\t${all}\t0\t2\t/etc/hello.conf\nF\t${sha256}\t0\t${all}\t0\t7\t/usr/a\tb\nP\t1\tbare\t1-1\tx86_64\t(none)\n`;
  assert.deepEqual(parse(text), [
    {
      name: "hello",
      version: "3:1.0-2",
      architecture: "noarch",
      license: "MIT and GPLv2+",
      installedSec: 1_700_000_000,
      files: [
        { path: "etc/hello.conf", algorithm: "sha256", digest: sha256, sizeBytes: 2, always: true },
        { path: "usr/a\tb", algorithm: "sha256", digest: sha256, sizeBytes: 7, always: false },
      ],
    },
    { name: "bare", version: "1-1", architecture: "x86_64", installedSec: 1, files: [] },
  ]);
});

test("parseRpmListing() leaves out keys, ghosts, links, and files that may change or are not there", () => {
  const files = [
    `F\t${sha256}\t64\t${all}\t0\t2\t/ghost`,
    `F\t${sha256}\t0\t4294967294\t0\t2\t/volatile`,
    `F\t${sha256}\t0\t${all}\t1\t2\t/replaced`,
    `F\t${sha256}\t0\t${all}\t2\t2\t/not-installed`,
    `F\t\t0\t${all}\t0\t2\t/link`,
    `F\t${sha256}\t0\t${all}\t0\t2\t/../climbs`,
  ];
  const text = `P\t1\tgpg-pubkey\t1-1\t(none)\tpubkey\nP\t1\ta\t1-1\tnoarch\tMIT\n${files.join("\n")}\n`;
  assert.deepEqual(parse(text), [
    { name: "a", version: "1-1", architecture: "noarch", license: "MIT", installedSec: 1, files: [] },
  ]);
});

test("parseRpmListing() never throws", () => {
  const unit = fc.constantFrom(
    "P",
    "F",
    "\t",
    "\n",
    "0",
    "a",
    "/",
    sha256,
    "P\t1\ta\t1-1\tnoarch\tMIT\n",
    "\0",
    "\xff",
  );
  fc.assert(fc.property(fc.string({ unit }), (text) => void parse(text)));
});
