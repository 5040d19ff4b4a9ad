import { version } from "../../library/version.ts";
import {
  commandNames,
  commands,
  commonFields,
  conventions,
  errorConvention,
  operandsOf,
  optionsOf,
  programSummary,
  variables,
  type AnyCommand,
  type CommandName,
  type NamedOption,
} from "../definition/index.ts";
import { commonOptionsOf, commonStatuses, exitStatusRows, isRepeatable } from "../help/render-help.ts";
import { bold, escapeRoff, italic, macro, paragraphs, tagged } from "./roff.ts";

/** Every man page by its file name, made from the definition that the program itself parses with: `rehome.1`, `rehome-store-check.1`. */
export function renderManPages(): ReadonlyMap<string, string> {
  const pages = commandNames.map((name) => [`${pageOf(name)}.1`, renderCommand(name)] as const);
  const all = [["rehome.1", renderProgram()] as const, ...pages];
  return new Map(all.map(([file, lines]) => [file, `${lines.join("\n")}\n`]));
}

function renderProgram(): string[] {
  return [
    ...begin("rehome", programSummary),
    macro("SH", "SYNOPSIS"),
    `${bold("rehome")} ${italic("COMMAND")} [${italic("operand")}...] [${italic("option")}...]`,
    macro("SH", "DESCRIPTION"),
    ...paragraphs([programSummary, ...conventions]),
    macro("SH", "COMMANDS"),
    ...commandNames.flatMap((name) => tagged(reference(name), `${commands[name].summary}.`)),
    macro("SH", "OPTIONS OF EVERY COMMAND"),
    ...optionsOf(commonFields).flatMap(renderOption),
    ...tagged(`${bold("-h")}, ${bold("--help")}`, "Show help about the command."),
    ...tagged(`${bold("-V")}, ${bold("--version")}`, "Show the version."),
    macro("SH", "EXIT STATUS"),
    ...exitStatusRows().flatMap(({ status, meaning }) => tagged(bold(String(status)), sentence(meaning))),
    macro("SH", "DIAGNOSTICS"),
    ...paragraphs([errorConvention]),
    macro("SH", "ENVIRONMENT"),
    ...paragraphs(["An option beats a variable, which beats the configuration file."]),
    ...variables.flatMap(({ name, key, summary }) =>
      tagged(bold(name), ended(summary) + (key === undefined ? "" : ` In the configuration file: \`${key}\`.`)),
    ),
  ];
}

function renderCommand(name: CommandName): string[] {
  const definition: AnyCommand = commands[name];
  const operands = operandsOf(definition.fields);
  const options = optionsOf(definition.fields);
  const own = Object.entries(definition.statuses ?? {});
  return [
    ...begin(pageOf(name), definition.summary),
    macro("SH", "SYNOPSIS"),
    synopsisOf(name),
    macro("SH", "DESCRIPTION"),
    ...paragraphs([`${definition.summary}.`, ...definition.description]),
    ...section(
      "OPERANDS",
      operands.flatMap(({ field }) => tagged(italic(field.name), ended(field.summary))),
    ),
    ...section("OPTIONS", options.flatMap(renderOption)),
    macro("SH", "OPTIONS OF EVERY COMMAND"),
    ...commonOptionsOf(name).flatMap(renderOption),
    ...tagged(`${bold("-h")}, ${bold("--help")}`, "Show help."),
    macro("SH", "EXIT STATUS"),
    ...paragraphs([ended(commonStatuses)]),
    ...own.flatMap(([status, when]) => tagged(bold(status), sentence(when))),
    macro("SH", "EXAMPLES"),
    ...definition.examples.flatMap(({ line, does }) => tagged(bold(`rehome ${line}`), sentence(does))),
    ...seeAlso(commandNames.filter((other) => other !== name && groupOf(other) === groupOf(name))),
  ];
}

function begin(page: string, summary: string): string[] {
  return [
    String.raw`.\" Made by src/cli/reference/generate.ts from src/cli/definition.`,
    macro("TH", page.toUpperCase(), "1", "", `rehome ${version}`, "rehome"),
    // Names and options must not be broken, and words not be spread.
    ".nh",
    ".ad l",
    macro("SH", "NAME"),
    `${escapeRoff(page)} \\- ${escapeRoff(lowerFirst(summary.replace(/\.$/, "")))}`,
  ];
}

function synopsisOf(name: CommandName): string {
  const words = operandsOf((commands[name] as AnyCommand).fields).map(({ field }) => {
    const word = `${italic(field.name)}${field.variadic ? "..." : ""}`;
    return field.required ? word : `[${word}]`;
  });
  return [bold(`rehome ${name}`), ...words, `[${italic("option")}...]`].join(" ");
}

function renderOption(option: NamedOption): string[] {
  const { long, field } = option;
  const short = field.short === undefined ? "" : `${bold(`-${field.short}`)}, `;
  // Words to choose from stand as they are typed.
  const value = field.valueName?.includes("|") ? escapeRoff(field.valueName) : italic(field.valueName ?? "");
  return tagged(
    `${short}${bold(long)}${field.valueName === undefined ? "" : ` ${value}`}`,
    ended(field.summary) + (isRepeatable(option) ? " May be given several times." : ""),
  );
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [macro("SH", title), ...lines];
}

function seeAlso(names: readonly CommandName[]): string[] {
  return [macro("SH", "SEE ALSO"), [`${bold("rehome")}(1)`, ...names.map(reference)].join(", ")];
}

function reference(name: CommandName): string {
  return `${bold(pageOf(name))}(1)`;
}

function pageOf(name: CommandName): string {
  return `rehome-${name.replaceAll(" ", "-")}`;
}

function groupOf(name: CommandName): string {
  return name.includes(" ") ? name.replace(/ .*/, "") : "";
}

function sentence(text: string): string {
  return ended(text.charAt(0).toUpperCase() + text.slice(1));
}

function ended(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
