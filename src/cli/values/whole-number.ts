import { UsageError } from "../../core/errors.ts";

/** Makes a reader of whole numbers from `lowest` to `highest`; what it makes throws {@link UsageError} for anything else. */
export function wholeNumber(what: string, lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= lowest && number <= highest) return number;
    throw new UsageError(`cannot read the ${what} "${text}"`, `Give a whole number from ${lowest} to ${highest}.`);
  };
}
