import { formatFlags } from "../../core/tree/entry.ts";

const words: Readonly<Record<string, string>> = {
  S: "sync",
  i: "schg",
  a: "sappnd",
  d: "nodump",
  A: "noatime",
  D: "dirsync",
  C: "nocow",
};

/** Inode flags as tar and mtree write them, `schg,nodump`: libarchive's names for those of Linux. Empty for none. */
export function formatFlagWords(flags: number): string {
  return Array.from(formatFlags(flags), (letter) => words[letter] ?? letter).join(",");
}
