import { Command, CommanderError, Option } from "commander";
import type { OptionValues } from "../../library/settings/configuration.ts";
import {
  commandNames,
  commands,
  commonFields,
  groups,
  operandsOf,
  optionsOf,
  type AnyCommand,
  type CommandName,
  type CommonOptions,
  type NamedOption,
} from "../definition/index.ts";
import { addConfigured } from "./add-configured.ts";
import { explainCommanderError } from "./explain-commander-error.ts";
import { joinPairs } from "./join-pairs.ts";
import { recoverBytes } from "./recover-bytes.ts";

/** What a command line asks for. */
export type Request =
  | { readonly kind: "version" }
  /** Help that was asked for, or that is shown because a group was named without a command. */
  | { readonly kind: "help"; readonly topic: string; readonly wasAsked: boolean }
  | { readonly kind: "run"; readonly name: CommandName; readonly call: object; readonly common: CommonOptions };

type ReadConfigured = (key: NonNullable<AnyCommand["configured"]>) => OptionValues;
type Given = Map<string, string[]>;
/** Takes the first request that a command line makes; help comes before values that cannot be read. */
type Take = (make: () => Request) => void;

/**
 * Reads a command line by the one definition. Options that all commands take may stand before the command too.
 *
 * @param configured What the configuration file says of options that were not given. @throws {UsageError}
 */
export function parseArguments(args: readonly string[], configured: ReadConfigured = () => ({})): Request {
  let request: Request | undefined;
  const common: Given = new Map();
  const take: Take = (make) => void (request ??= make());
  const program = prepare(new Command("rehome"), "", common, take);
  addOption(program, { key: "version", long: "--version", field: { short: "V", valueName: undefined } }, () =>
    take(() => ({ kind: "version" })),
  );
  const parents = new Map<string, Command>([["", program]]);
  for (const group of Object.keys(groups)) parents.set(group, prepare(program.command(group), group, common, take));
  for (const name of commandNames) {
    const words = name.split(" ");
    const parent = parents.get(words.slice(0, -1).join(" ")) ?? program;
    addCommand(prepare(parent.command(words.at(-1) ?? ""), name, common, take), name, common, take, configured);
  }
  try {
    program.parse(joinPairs(args), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code !== "commander.help" && request === undefined) throw explainCommanderError(error, args);
  }
  return request ?? { kind: "help", topic: groupOf(args), wasAsked: false };
}

/** Takes from commander what it would print and where it would exit, and gives a command the options of all. */
function prepare(command: Command, topic: string, common: Given, take: Take): Command {
  command
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined, outputError: () => undefined })
    .helpOption(false)
    .helpCommand(false)
    .enablePositionalOptions();
  addOption(command, { key: "help", long: "--help", field: { short: "h", valueName: undefined } }, () =>
    take(() => ({ kind: "help", topic, wasAsked: true })),
  );
  for (const option of optionsOf(commonFields)) {
    if (option.key === "json" && topic !== "" && (commands as Record<string, AnyCommand>)[topic]?.json === false)
      continue;
    addOption(command, option, (value) => remember(common, option.key, value));
  }
  return command;
}

function addCommand(command: Command, name: CommandName, common: Given, take: Take, configured: ReadConfigured): void {
  const definition: AnyCommand = commands[name];
  const given: Given = new Map();
  for (const option of optionsOf(definition.fields))
    addOption(command, option, (value) => remember(given, option.key, value));
  const operands = operandsOf(definition.fields);
  for (const { field } of operands) {
    const word = field.variadic ? `${field.name}...` : field.name;
    command.argument(field.required ? `<${word}>` : `[${word}]`);
  }
  command.action((...values: unknown[]) => {
    for (const [index, { key }] of operands.entries()) {
      const value = values[index];
      if (value !== undefined) given.set(key, [value].flat().map(String));
    }
    take(() => {
      if (definition.configured !== undefined)
        addConfigured(definition.fields, given, configured(definition.configured), definition.configured);
      const call = readAll(definition.fields, given);
      return { kind: "run", name, call, common: readAll(commonFields, common) as CommonOptions };
    });
  });
}

type OptionShape = Pick<NamedOption, "key" | "long"> & {
  readonly field: Pick<NamedOption["field"], "short" | "valueName">;
};

function addOption(command: Command, { long, field }: OptionShape, take: (value: string) => void): void {
  const short = field.short === undefined ? "" : `-${field.short}, `;
  const value = field.valueName === undefined ? "" : ` <${field.valueName}>`;
  const option = new Option(`${short}${long}${value}`);
  command.addOption(option);
  // The program keeps the values itself: commander would make `--no-x` the negation of `--x`.
  command.on(`option:${option.name()}`, (given: string | null) => take(given ?? ""));
}

function remember(given: Given, key: string, value: string): void {
  const values = given.get(key);
  if (values === undefined) given.set(key, [value]);
  else values.push(value);
}

function readAll(fields: AnyCommand["fields"], given: Given): object {
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]) => {
      const values = given.get(key) ?? [];
      return [key, field.read(values.map((value) => recoverBytes(value, field.completes === "tree-path")))];
    }),
  );
}

function groupOf(args: readonly string[]): string {
  return args.find((word) => Object.hasOwn(groups, word)) ?? "";
}
