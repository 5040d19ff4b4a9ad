import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import { copyrightLicenseParser, parseCopyrightLicense } from "./copyright-license.ts";

const format = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";

function license(text: string): string | undefined {
  return parseCopyrightLicense(text as ByteString);
}

test("parseCopyrightLicense() joins the short names of a machine-readable file, each once", () => {
  const text = `${format}\nFiles: *\nLicense: GPL-2+\n text MIT\n\nFiles: a\nLicense: Expat or  Apache-2.0\n\nLicense: GPL-2+\nLicense:\n`;
  assert.equal(license(text), "GPL-2+ AND (Expat or Apache-2.0)");
});

test("parseCopyrightLicense() recognises common licences and well-known words in other files", () => {
  const text =
    "On Debian systems see\n`/usr/share/common-licenses/GPL-2'. Also /usr/share/common-licenses/LGPL-2.1.\n" +
    "Permission is hereby granted, free of charge, to any\n  person obtaining a copy";
  assert.equal(license(text), "GPL-2 AND LGPL-2.1 AND MIT");
  assert.equal(license("Redistribution and use in source\nand binary forms"), "BSD");
});

test("parseCopyrightLicense() says nothing where it recognises nothing", () => {
  assert.equal(license(""), undefined);
  assert.equal(license("All rights reserved."), undefined);
});

test("parseCopyrightLicense() stays bounded, and takes no control characters over", () => {
  const many = Array.from({ length: 5000 }, (_, at) => `License: L${at} ${"x".repeat(500)}\n`).join("\n");
  assert.ok((license(`${format}${many}`) ?? "").length < 40 * 110);
  assert.equal(license(`${format}License: A\u001b[2J\x07B\n`), "A[2JB");
});

test("copyrightLicenseParser() gives for a text it remembers what it gave before", () => {
  const parse = copyrightLicenseParser();
  const text = `${format}License: MIT\n` as ByteString;
  assert.equal(parse(text), "MIT");
  assert.equal(parse(text), "MIT");
});
