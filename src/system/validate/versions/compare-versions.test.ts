import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import * as fc from "fast-check";
import { compareVersions } from "./compare-versions.ts";

/** Hand-picked for the corners of all three rules; every one is compared with every other. */
const versions = [
  "0 1 1.0 1.0.0 1.00 01.0 1.1 1.10 1.9 1.05 1.0a 1.0b 1.a 1.0.a 1a.0 1.0~ 1.0~~ 1.0~rc1",
  "1.0~rc2 1.0~rc1~git1 1.0+b1 1.0+dfsg 1.0-1 1.0-1.1 1.0-1~deb12u1 1.0-1+deb12u1 1.0-10",
  "1.0-9 1.0-0 1.0-a 0:1.0 1:0.1 2:0 1:1.0-1 10:1 252.39-1 252.39-1~deb12u2 252.4-1",
  "2.36-9+deb12u10 2.36-9+deb12u9 1.0. 1.0..1 1.0-1-2 A a Z.1 20200101",
  "3.0.99999999999999999999 3.0.99999999999999999998 1.2.3-4.el9_2.1 1.2.3-4.el9 4.18.0-477",
].flatMap((line) => line.split(" "));
const rpmOnly = ["1.0^", "1.0^1", "1.0^1~1", "1.0~^1", "1.0^git1", "1.0^git1.1", "1.0^~", "5.14.0-362.8.1.el9_3"];

function pairs(texts: readonly string[]): [string, string][] {
  return texts.flatMap((one) => texts.map((other): [string, string] => [one, other]));
}

test("compareVersions() orders as dpkg --compare-versions does", (context) => {
  const all = pairs(versions);
  const script =
    'while read -r a b; do if dpkg --compare-versions "$a" lt "$b"; then echo -1; elif dpkg --compare-versions "$a" eq "$b"; then echo 0; else echo 1; fi; done';
  const asked = all.filter(([one, other]) => one < other).filter((_, at) => at % 3 === 0);
  const input = asked.map((pair) => `${pair.join(" ")}\n`).join("");
  const { stdout, error } = spawnSync("bash", ["-c", script], {
    input,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "ignore"],
  });
  if (error !== undefined || spawnSync("dpkg", ["--version"]).status !== 0)
    return context.skip("dpkg is not installed");
  const expected = stdout.trim().split("\n").map(Number);
  assert.equal(expected.length, asked.length);
  for (const [at, [one, other]] of asked.entries()) {
    assert.equal(compareVersions("dpkg", one, other), expected[at], `${one} against ${other}`);
    assert.equal(compareVersions("dpkg", other, one), -(expected[at] ?? 0) + 0, `${other} against ${one}`);
  }
});

test("compareVersions() orders as rpm does", (context) => {
  const all = pairs([...versions, ...rpmOnly].filter((version) => !version.includes(":") && !version.includes("-")));
  const lua = `for a, b in string.gmatch("${all.map((pair) => pair.join(" ")).join(";")};", "([^ ;]+) ([^ ;]+);") do print(rpm.vercmp(a, b) .. ",") end`;
  const { stdout, status, error } = spawnSync("rpm", ["--eval", `%{lua:${lua}}`], { encoding: "utf8" });
  if (error !== undefined) return context.skip("rpm is not installed");
  assert.equal(status, 0);
  const expected = stdout.trim().split(",").slice(0, -1).map(Number);
  assert.equal(expected.length, all.length);
  for (const [at, [one, other]] of all.entries())
    assert.equal(compareVersions("rpm", one, other), expected[at], `${one} against ${other}`);
});

test("compareVersions() takes epoch and release of an rpm apart", () => {
  const ascending = ["1.0-1", "1.0-1.el9", "1.0-2", "1.0.1-1", "1:0.1-1", "1:0.1-1.el9_2", "2:0-1"];
  for (const [a, one] of ascending.entries())
    for (const [b, other] of ascending.entries()) assert.equal(compareVersions("rpm", one, other), Math.sign(a - b));
});

test("compareVersions() orders versions of apk", () => {
  const ascending =
    "1_alpha 1_alpha2 1_beta 1_pre1 1_rc1 1_rc2 1 1-r1 1-r10 1_git20200101 1_p1 1_p2 1a 1b 1.0 1.05 1.1 1.2_rc1-r3 1.2-r0 1.2.1 1.10 2".split(
      " ",
    );
  for (const [a, one] of ascending.entries())
    for (const [b, other] of ascending.entries())
      assert.equal(compareVersions("apk", one, other), Math.sign(a - b), `${one} against ${other}`);
});

test("compareVersions() orders Solaris versions by their numbers", () => {
  assert.equal(compareVersions("svr4", "11.11,REV=2005.12.13.01.06", "11.11,REV=2006.01.03.00.45"), -1);
  assert.equal(compareVersions("svr4", "11.10.0,REV=2005.01.21.16.34", "11.10.0,REV=2005.01.21.16.34"), 0);
});

test("compareVersions() is an order: never throws, and turns round with its operands", () => {
  const text = fc.string({ unit: fc.constantFrom(..."019aZ.-+~^_:r".split("")), maxLength: 12 });
  for (const manager of ["dpkg", "rpm", "apk", "svr4"] as const)
    fc.assert(
      fc.property(text, text, (one, other) => {
        assert.equal(compareVersions(manager, one, other), -compareVersions(manager, other, one) + 0);
        assert.equal(compareVersions(manager, one, one), 0);
      }),
    );
});
