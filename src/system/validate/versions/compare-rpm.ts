import { compareDigits, sign, type Order } from "./order.ts";

/** Orders two `EPOCH:VERSION-RELEASE` as rpm does (rpm-version(7)); without an epoch it is 0. */
export function compareRpm(one: string, other: string): Order {
  const [a, b] = [split(one), split(other)];
  return sign(a.epoch - b.epoch) || compareSegments(a.version, b.version) || compareSegments(a.release, b.release);
}

function split(text: string): { readonly epoch: number; readonly version: string; readonly release: string } {
  const [, epoch = "0", rest = ""] = /^(?:(\d+):)?([^]*)$/.exec(text) ?? [];
  const dash = rest.lastIndexOf("-");
  if (dash < 0) return { epoch: Number(epoch), version: rest, release: "" };
  return { epoch: Number(epoch), version: rest.slice(0, dash), release: rest.slice(dash + 1) };
}

/**
 * Runs of digits and runs of letters, in turn, whatever stands between them: `~` sorts before the end, `^` after it but
 * before anything more, a run of digits after a run of letters, and what has a run more is newer.
 */
export function compareSegments(one: string, other: string): Order {
  const [a, b] = [segments(one), segments(other)];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = compareSegment(a[at], b[at]);
    if (order !== 0) return order;
  }
  return 0;
}

function segments(text: string): string[] {
  return text.match(/[~^]|\d+|[A-Za-z]+/g) ?? [];
}

function compareSegment(one: string | undefined, other: string | undefined): Order {
  if (one === other) return 0;
  for (const marked of ["~", "^"]) {
    if (one === marked) return marked === "^" && other === undefined ? 1 : -1;
    if (other === marked) return marked === "^" && one === undefined ? -1 : 1;
  }
  if (one === undefined) return -1;
  if (other === undefined) return 1;
  const [oneIsNumber, otherIsNumber] = [/^\d/.test(one), /^\d/.test(other)];
  if (oneIsNumber !== otherIsNumber) return oneIsNumber ? 1 : -1;
  if (oneIsNumber) return compareDigits(one, other);
  return one < other ? -1 : 1;
}
