import { UsageError } from "../../core/errors.ts";

/** What completion offers for a value. */
export type Completes =
  | "image"
  | "system"
  | "machine"
  | "image-or-directory"
  | "tree-path"
  | "directory"
  | "file"
  | "command"
  | "job"
  | "nothing"
  | readonly string[];

/** A word on the command line that is told by its place. */
export interface OperandField<Value> {
  readonly kind: "operand";
  /** As help shows it: `IMAGE`. */
  readonly name: string;
  readonly summary: string;
  readonly required: boolean;
  /** Takes all words that are left. */
  readonly variadic: boolean;
  readonly completes: Completes;
  /** Makes a value of the words that were given, none for an optional operand. @throws {UsageError} */
  readonly read: (given: readonly string[]) => Value;
}

/** A word that begins with `-`, perhaps followed by a value. Its name is the field's, in kebab case. */
export interface OptionField<Value> {
  readonly kind: "option";
  /** The letter for a short form. */
  readonly short: string | undefined;
  /** As help shows the value: `PATH`; absent for a flag. */
  readonly valueName: string | undefined;
  readonly summary: string;
  readonly repeatable: boolean;
  /** Takes two words as well, which then are one with `=` between them. */
  readonly isPair?: boolean;
  readonly completes: Completes;
  /** Makes a value of what was given, an empty text for each time a flag was. @throws {UsageError} */
  readonly read: (given: readonly string[]) => Value;
}

/** One thing that a command takes. */
export type Field<Value> = OperandField<Value> | OptionField<Value>;

/** An operand that must be given. */
export function operand(name: string, completes: Completes, summary: string): OperandField<string> {
  const read = ([first]: readonly string[]): string => notEmpty(name, first ?? "");
  return { kind: "operand", name, summary, required: true, variadic: false, completes, read };
}

/** An operand that may be left out. */
export function optionalOperand(name: string, completes: Completes, summary: string): OperandField<string | undefined> {
  const read = ([first]: readonly string[]): string | undefined =>
    first === undefined ? undefined : notEmpty(name, first);
  return { kind: "operand", name, summary, required: false, variadic: false, completes, read };
}

/** An operand that must be given, with a value that `parse` reads. */
export function parsedOperand<Value>(
  name: string,
  parse: (text: string) => Value,
  summary: string,
): OperandField<Value> {
  const read = ([first]: readonly string[]): Value => parse(notEmpty(name, first ?? ""));
  return { kind: "operand", name, summary, required: true, variadic: false, completes: "nothing", read };
}

/** All operands that are left, `atLeast` none or one. */
export function operandList(
  name: string,
  completes: Completes,
  summary: string,
  atLeast: 0 | 1,
): OperandField<readonly string[]> {
  const read = (given: readonly string[]): readonly string[] => given.map((word) => notEmpty(name, word));
  return { kind: "operand", name, summary, required: atLeast === 1, variadic: true, completes, read };
}

/** An operand that is one of several words. */
export function choiceOperand<Word extends string>(
  name: string,
  words: readonly Word[],
  summary: string,
): OperandField<Word> {
  const read = ([first]: readonly string[]): Word => chooseWord(name, words, first ?? "");
  return { kind: "operand", name, summary, required: true, variadic: false, completes: words, read };
}

const flagField = { kind: "option", valueName: undefined, completes: "nothing" } as const;
const valueField = { kind: "option", short: undefined, repeatable: false } as const;

/** A flag. */
export function flag(summary: string, short?: string): OptionField<boolean> {
  return { ...flagField, short, summary, repeatable: false, read: (given) => given.length > 0 };
}

/** A flag that says more each time it is given. */
export function countedFlag(summary: string, short: string): OptionField<number> {
  return { ...flagField, short, summary, repeatable: true, read: (given) => given.length };
}

/** An option with a text; the last one holds. */
export function textOption(
  valueName: string,
  completes: Completes,
  summary: string,
  short?: string,
): OptionField<string | undefined> {
  return { ...parsedOption(valueName, (text) => notEmpty(valueName, text), summary), completes, short };
}

/** An option that may be given several times, all of which hold. */
export function listOption(
  valueName: string,
  completes: Completes,
  summary: string,
  short?: string,
): OptionField<readonly string[]> {
  const read = (given: readonly string[]): readonly string[] => given.map((text) => notEmpty(valueName, text));
  return { ...valueField, short, repeatable: true, valueName, summary, completes, read };
}

/** A {@link listOption} that takes `NAME=VALUE`, and the two as words of their own. */
export function pairOption(
  valueName: string,
  completes: Completes,
  summary: string,
  short: string,
): OptionField<readonly string[]> {
  return { ...listOption(valueName, completes, summary, short), isPair: true };
}

/** An option with a value that `parse` reads; the last one holds. */
export function parsedOption<Value>(
  valueName: string,
  parse: (text: string) => Value,
  summary: string,
): OptionField<Value | undefined> {
  const read = (given: readonly string[]): Value | undefined => {
    const last = given.at(-1);
    return last === undefined ? undefined : parse(last);
  };
  return { ...valueField, valueName, summary, completes: "nothing", read };
}

/** An option with one of several words. */
export function choiceOption<Word extends string>(
  words: readonly Word[],
  summary: string,
): OptionField<Word | undefined> {
  const valueName = words.join("|");
  return { ...parsedOption(valueName, (text) => chooseWord("value", words, text), summary), completes: words };
}

/** An empty word is a variable of a script that was not set; as a path it would mean the working directory. */
function notEmpty(name: string, text: string): string {
  if (text !== "") return text;
  throw new UsageError(`cannot use an empty text as ${name}`, "Look whether a variable that should be set is not.");
}

function chooseWord<Word extends string>(name: string, words: readonly Word[], text: string): Word {
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw new UsageError(`cannot use "${text}" as ${name}`, `Give one of ${words.join(", ")}.`);
}
