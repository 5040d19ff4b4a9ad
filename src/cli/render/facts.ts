import { wrapText } from "./wrap.ts";

/** Something that is known, and what it is called. */
export type Fact = readonly [label: string, value: string];

/** Facts below each other, labels on the left; those without a value are left out, and long values go on in the next line. */
export function formatFacts(facts: readonly Fact[], width: number): string[] {
  const known = facts.filter(([, value]) => value !== "");
  const left = Math.max(...known.map(([label]) => label.length));
  return known.flatMap(([label, value]) => {
    const [first = "", ...others] = wrapText(value, Math.max(20, width - left - 4));
    return [`  ${label.padEnd(left)}  ${first}`, ...others.map((line) => `${" ".repeat(left + 4)}${line}`)];
  });
}
