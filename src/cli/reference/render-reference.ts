import {
  commandNames,
  commands,
  commonFields,
  conventions,
  errorConvention,
  groups,
  operandsOf,
  optionsOf,
  variables,
  type AnyCommand,
  type CommandName,
  type NamedOption,
} from "../definition/index.ts";
import { exitStatusRows, isRepeatable, optionForms, usageOf } from "../help/render-help.ts";

/** A schema beside the reference. */
export interface SchemaFile {
  /** `capture.json`. */
  readonly file: string;
  readonly title: string;
  readonly description: string;
}

/** The reference of the command line as Markdown, made from the definition that the program itself parses with. */
export function renderReference(schemas: readonly SchemaFile[]): string {
  const lines = [
    "# Command line",
    "",
    "This page is generated from the definition in `src/cli/definition` (`node src/cli/reference/generate.ts`).",
    "",
    ...conventions.flatMap((paragraph) => [paragraph, ""]),
    ...commandNames.map(
      (name) => `- [${name}](#rehome-${name.replaceAll(" ", "-")}): ${lowerFirst(commands[name].summary)}`,
    ),
    "",
    "## Options of every command",
    "",
    ...optionTable(optionsOf(commonFields)),
    "| `-h`, `--help` | Show help about the command |",
    "",
    "`rehome --version` shows the version.",
    "",
    "| variable | key in the configuration file | |",
    "| --- | --- | --- |",
    ...variables.map(
      ({ name, key, summary }) => `| \`${name}\` | ${key === undefined ? "" : `\`${key}\``} | ${cell(summary)} |`,
    ),
    "",
    "An option beats a variable, which beats the configuration file.",
    "",
    ...commandNames.flatMap(renderCommand),
    ...renderStatuses(),
    ...renderSchemas(schemas),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function renderCommand(name: CommandName): string[] {
  const definition: AnyCommand = commands[name];
  const operands = operandsOf(definition.fields);
  const options = optionsOf(definition.fields);
  const statuses = Object.entries(definition.statuses ?? {});
  return [
    `## rehome ${name}`,
    "",
    `    ${usageOf(name)}`,
    "",
    `${definition.summary}.`,
    "",
    ...definition.description.flatMap((paragraph) => [paragraph, ""]),
    ...(operands.length === 0 ? [] : ["| operand | |", "| --- | --- |"]),
    ...operands.map(({ field }) => `| \`${field.name}\` | ${cell(field.summary)} |`),
    ...(operands.length === 0 ? [] : [""]),
    ...(options.length === 0 ? [] : [...optionTable(options), ""]),
    ...(definition.json === false ? ["Has no `--json`.", ""] : []),
    ...(definition.documentOf === undefined
      ? []
      : [`With \`--json\` it prints the document of \`rehome ${definition.documentOf}\`.`, ""]),
    ...(statuses.length === 0
      ? []
      : [`Ends with ${statuses.map(([status, when]) => `**${status}**: ${when}`).join("; ")}.`, ""]),
    "Examples:",
    "",
    ...definition.examples.map(({ line, does }) => `    rehome ${line.padEnd(widest(definition))}  # ${does}`),
    "",
  ];
}

function optionTable(options: readonly NamedOption[]): string[] {
  const rows = options.map((option) => {
    const repeated = isRepeatable(option) ? " (may be given several times)" : "";
    const forms = optionForms(option)
      .split(", ")
      .map((form) => `\`${cell(form)}\``)
      .join(", ");
    return `| ${forms} | ${cell(option.field.summary)}${repeated} |`;
  });
  return ["| option | |", "| --- | --- |", ...rows];
}

function renderStatuses(): string[] {
  return [
    "## Exit statuses",
    "",
    "| status | |",
    "| --- | --- |",
    ...exitStatusRows().map(({ status, meaning }) => `| ${status} | ${cell(meaning)} |`),
    "",
    errorConvention,
    "",
  ];
}

function renderSchemas(schemas: readonly SchemaFile[]): string[] {
  const groupNames = Object.keys(groups).join(", ");
  return [
    "## Documents",
    "",
    `What \`--json\` and \`--progress json\` print, as JSON Schema. Commands of a group (${groupNames}) have both words in the file's name.`,
    "Programs that read them pass over properties that they do not know.",
    "",
    "| schema | document | |",
    "| --- | --- | --- |",
    ...schemas.map(
      ({ file, title, description }) => `| [${file}](schemas/${file}) | ${cell(title)} | ${cell(description)} |`,
    ),
    "",
  ];
}

function widest(definition: AnyCommand): number {
  return Math.max(...definition.examples.map(({ line }) => line.length));
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function cell(text: string): string {
  return text.replaceAll("|", String.raw`\|`);
}
