import { compareDigits, sign, type Order } from "./order.ts";

/** Before the release they belong to, and after it. A version without a suffix stands between the two lists. */
const before = ["alpha", "beta", "pre", "rc"];
const after = ["cvs", "svn", "git", "hg", "p"];

/**
 * Orders two versions as Alpine's apk does (apk-package(5)): `NUMBER{.NUMBER}{letter}{_suffix{NUMBER}}{~hash}{-rNUMBER}`.
 * A part after the first that begins with 0 is compared as a fraction: 1.05 is older than 1.1.
 */
export function compareApk(one: string, other: string): Order {
  const [a, b] = [split(one), split(other)];
  return (
    compareNumbers(a.numbers, b.numbers) ||
    sign(a.letter - b.letter) ||
    compareSuffixes(a.suffixes, b.suffixes) ||
    compareDigits(a.revision, b.revision)
  );
}

interface Parts {
  readonly numbers: readonly string[];
  /** Code of the letter, 0 for none. */
  readonly letter: number;
  readonly suffixes: readonly string[];
  readonly revision: string;
}

function split(version: string): Parts {
  const [, numbers = "", letter = "", suffixes = "", , revision = ""] =
    /^([\d.]*)([a-z]?)((?:_[a-z]+\d*)*)(~[0-9a-f]+)?(?:-r(\d+))?/.exec(version) ?? [];
  return {
    numbers: numbers.split("."),
    letter: letter === "" ? 0 : letter.charCodeAt(0),
    suffixes: suffixes.split("_").slice(1),
    revision,
  };
}

function compareNumbers(one: readonly string[], other: readonly string[]): Order {
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const [a, b] = [one[at], other[at]];
    if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
    const isFraction = at > 0 && (a.startsWith("0") || b.startsWith("0"));
    const order = isFraction ? compareFractions(a, b) : compareDigits(a, b);
    if (order !== 0) return order;
  }
  return 0;
}

function compareFractions(one: string, other: string): Order {
  return one === other ? 0 : one < other ? -1 : 1;
}

function compareSuffixes(one: readonly string[], other: readonly string[]): Order {
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const [a, b] = [rank(one[at]), rank(other[at])];
    const order = sign(a.place - b.place) || compareDigits(a.digits, b.digits);
    if (order !== 0) return order;
  }
  return 0;
}

function rank(suffix: string | undefined): { readonly place: number; readonly digits: string } {
  if (suffix === undefined) return { place: 0, digits: "" };
  const [, word = "", digits = ""] = /^([a-z]+)(\d*)$/.exec(suffix) ?? [];
  const early = before.indexOf(word);
  return { place: early >= 0 ? early - before.length : 1 + after.indexOf(word), digits };
}
