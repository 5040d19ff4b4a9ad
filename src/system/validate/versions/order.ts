/** Below zero: the first is older; above: it is newer. */
export type Order = -1 | 0 | 1;

/** Compares runs of digits of any length as numbers. */
export function compareDigits(one: string, other: string): Order {
  const [a, b] = [one.replace(/^0+/, ""), other.replace(/^0+/, "")];
  if (a.length !== b.length) return sign(a.length - b.length);
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The {@link Order} that a difference stands for. */
export function sign(difference: number): Order {
  return difference === 0 ? 0 : difference < 0 ? -1 : 1;
}
