import { compareDigits, sign, type Order } from "./order.ts";

/** Orders two versions as dpkg does (deb-version(7)): epoch, upstream version, revision. */
export function compareDpkg(one: string, other: string): Order {
  const [a, b] = [split(one), split(other)];
  return sign(a.epoch - b.epoch) || compareParts(a.upstream, b.upstream) || compareParts(a.revision, b.revision);
}

function split(version: string): { readonly epoch: number; readonly upstream: string; readonly revision: string } {
  const [, epoch = "0", rest = ""] = /^(?:(\d+):)?([^]*)$/.exec(version) ?? [];
  const dash = rest.lastIndexOf("-");
  if (dash < 0) return { epoch: Number(epoch), upstream: rest, revision: "" };
  return { epoch: Number(epoch), upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) };
}

/** Runs of other characters and runs of digits take turns; a missing run of digits is 0. */
function compareParts(one: string, other: string): Order {
  let [a, b] = [one, other];
  while (a !== "" || b !== "") {
    const [textA, textB] = [leading(/^\D*/, a), leading(/^\D*/, b)];
    const byText = compareText(textA, textB);
    if (byText !== 0) return byText;
    [a, b] = [a.slice(textA.length), b.slice(textB.length)];
    const [digitsA, digitsB] = [leading(/^\d*/, a), leading(/^\d*/, b)];
    const byNumber = compareDigits(digitsA, digitsB);
    if (byNumber !== 0) return byNumber;
    [a, b] = [a.slice(digitsA.length), b.slice(digitsB.length)];
  }
  return 0;
}

function compareText(one: string, other: string): Order {
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const difference = weight(one[at]) - weight(other[at]);
    if (difference !== 0) return sign(difference);
  }
  return 0;
}

/** `~` sorts before the end of a part, letters before everything else. */
function weight(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === "~") return -1;
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
}

function leading(pattern: RegExp, text: string): string {
  return pattern.exec(text)?.[0] ?? "";
}
