import type { Field, OperandField, OptionField } from "./field.ts";

/** All that parsing, help, completion and the reference need to know of a command. It holds no code that acts. */
export interface CommandDefinition<Call> {
  /** One line, an order: `Restore an image to a directory`. */
  readonly summary: string;
  /** Paragraphs that say what the signature cannot. */
  readonly description: readonly string[];
  /** What it takes; operands in their order. */
  readonly fields: { readonly [Key in keyof Call]-?: Field<Call[Key]> };
  readonly examples: readonly Example[];
  /** The key of the configuration file that holds values for options that were not given. */
  readonly configured?: "clone-serve" | "clone-join";
  /** False where one document would make no sense. */
  readonly json?: false;
  /** The command whose document it prints, if that is not a kind of its own. */
  readonly documentOf?: string;
  /** Statuses beside 0, 1, 2 and 130 that it ends with, and when. */
  readonly statuses?: Readonly<Record<number, string>>;
}

/** A command line as a user types it, without the program's name, and what it does. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

/** A command of which only the shape counts, not what it is called with. */
export type AnyCommand = Omit<CommandDefinition<object>, "fields"> & {
  readonly fields: Readonly<Record<string, Field<unknown>>>;
};

/** An operand with the key it has in a call. */
export interface NamedOperand {
  readonly key: string;
  readonly field: OperandField<unknown>;
}

/** An option with the key it has in a call and its long form: `--into-existing`. */
export interface NamedOption {
  readonly key: string;
  readonly long: string;
  readonly field: OptionField<unknown>;
}

/** The operands among `fields`, in their order. */
export function operandsOf(fields: Readonly<Record<string, Field<unknown>>>): NamedOperand[] {
  return Object.entries(fields).flatMap(([key, field]) => (field.kind === "operand" ? [{ key, field }] : []));
}

/** The options among `fields`, in their order. */
export function optionsOf(fields: Readonly<Record<string, Field<unknown>>>): NamedOption[] {
  return Object.entries(fields).flatMap(([key, field]) =>
    field.kind === "option" ? [{ key, long: longName(key), field }] : [],
  );
}

function longName(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
