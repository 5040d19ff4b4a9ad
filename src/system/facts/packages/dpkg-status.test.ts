import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import { parseDpkgStatus, type DpkgPackage } from "./dpkg-status.ts";

function parse(text: string, statusNeeded = true, maxPackages = 100): DpkgPackage[] {
  return [...parseDpkgStatus(text as ByteString, { statusNeeded, maxPackages })];
}

function stanza(name: string, status: string, more = ""): string {
  return `Package: ${name}\nStatus: ${status}\nArchitecture: amd64\nVersion: 1:2.0~rc1-3+b1\n${more}\n`;
}

test("parseDpkgStatus() leaves out packages that are only configured", () => {
  const text = [
    stanza("here", "install ok installed"),
    stanza("gone", "deinstall ok config-files"),
    stanza("half", "install reinstreq half-installed"),
    stanza("never", "unknown ok not-installed"),
    stanza("held", "hold ok installed"),
    stanza("waits", "install ok triggers-pending"),
  ].join("\n");
  assert.deepEqual(
    parse(text).map(({ name }) => name),
    ["here", "held", "waits"],
  );
});

test("parseDpkgStatus() takes stanzas without Status only where none is needed", () => {
  const text = "Package: base-files\nVersion: 12\nArchitecture: all\n";
  assert.deepEqual(parse(text), []);
  assert.deepEqual(
    parse(text, false).map(({ version }) => version),
    ["12"],
  );
});

test("parseDpkgStatus() looks for files of a package of several architectures under both stems", () => {
  const [first] = parse(stanza("libc6", "install ok installed", "Multi-Arch: same\n"));
  assert.deepEqual(first?.fileStems, ["libc6:amd64", "libc6"]);
});

test("parseDpkgStatus() keeps configuration files that the package still brings", () => {
  const md5 = "0123456789abcdef0123456789abcdef";
  const lines = ["/etc/a", "/etc/with space", "/etc/old x obsolete", "/../b"].map((path) =>
    path.endsWith("obsolete") ? ` /etc/old ${md5} obsolete` : ` ${path} ${md5}`,
  );
  const [first] = parse(
    stanza(
      "a",
      "install ok installed",
      `Conffiles:\n${lines.join("\n")}\n /etc/new newconffile\n /etc/go ${md5} remove-on-upgrade\n`,
    ),
  );
  assert.deepEqual(first?.configurationFiles, [
    { path: "etc/a", md5 },
    { path: "etc/with space", md5 },
  ]);
});

test("parseDpkgStatus() refuses names and versions that no package has, and stops at its limit", () => {
  const installed = "install ok installed";
  const names = ["../../etc", "a/b", "a b", "\u001b[2J", "", "-x", "x".repeat(300)];
  assert.deepEqual(parse(names.map((name) => stanza(name, installed)).join("\n")), []);
  assert.equal(parse(Array.from({ length: 50 }, (_, at) => stanza(`p${at}`, installed)).join("\n"), true, 7).length, 7);
});

test("parseDpkgStatus() takes time in proportion to a hostile line", () => {
  const line = ` /etc/x${` ${"a".repeat(32)}`.repeat(60_000)} !`;
  assert.deepEqual(parse(stanza("a", "install ok installed", `Conffiles:\n${line}\n`))[0]?.configurationFiles, []);
});

test("parseDpkgStatus() never throws", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("P", "a", ":", " ", "\n", "/", "Status", "Package: a", "\0") }),
      (text) => {
        parse(text, false);
      },
    ),
  );
});
