import { exitStatus, exitStatusMeaning } from "../../core/exit-status.ts";
import {
  commandNames,
  commands,
  commonFields,
  groups,
  operandsOf,
  optionsOf,
  programSummary,
  variables,
  type AnyCommand,
  type CommandName,
  type NamedOption,
} from "../definition/index.ts";
import { cellWidth } from "../render/cell-width.ts";
import { wrapText } from "../render/wrap.ts";

/** Lines of help about a command, a group of commands, or with the empty topic the program; `width` cells wide. */
export function renderHelp(topic: string, width: number): string[] {
  const columns = Math.min(width, 100);
  if ((commandNames as readonly string[]).includes(topic)) return renderCommand(topic as CommandName, columns);
  return renderGroup(topic, columns);
}

/** The line that says how to call a command: `rehome restore IMAGE DIR [options]`. */
export function usageOf(name: CommandName): string {
  const words = operandsOf((commands[name] as AnyCommand).fields).map(({ field }) => {
    const word = field.variadic ? `${field.name}...` : field.name;
    return field.required ? word : `[${word}]`;
  });
  return ["rehome", name, ...words, "[options]"].join(" ");
}

/** An option as help shows it: `-n, --dry-run`. */
export function optionForms({ long, field }: NamedOption): string {
  return `${field.short === undefined ? "" : `-${field.short}, `}${long}${field.valueName === undefined ? "" : ` ${field.valueName}`}`;
}

/** Says whether giving an option several times gives it several values. */
export function isRepeatable({ field }: NamedOption): boolean {
  return field.repeatable && field.valueName !== undefined;
}

/** The table of exit statuses: number, name and meaning. */
export function exitStatusRows(): { readonly status: number; readonly name: string; readonly meaning: string }[] {
  return Object.entries(exitStatusMeaning).map(([name, meaning]) => ({
    status: exitStatus[name as keyof typeof exitStatus],
    name,
    meaning,
  }));
}

/** What every command ends with, beside its own statuses. */
export const commonStatuses = "0 done, 1 failed, 2 the command line is wrong, 130 interrupted";

/** The options that every command takes; one without documents has no `--json`. */
export function commonOptionsOf(name: CommandName): NamedOption[] {
  return optionsOf(commonFields).filter(({ key }) => key !== "json" || (commands[name] as AnyCommand).json !== false);
}

function renderCommand(name: CommandName, width: number): string[] {
  const definition: AnyCommand = commands[name];
  const rows = {
    operands: operandsOf(definition.fields).map(({ field }): Row => [field.name, field.summary]),
    options: optionsOf(definition.fields).map(optionRow),
    common: [...commonOptionsOf(name).map(optionRow), ["-h, --help", "Show this help"] as const],
    examples: definition.examples.map(({ line, does }): Row => [`rehome ${line}`, does]),
  };
  const own = Object.entries(definition.statuses ?? {}).map(([status, when]) => `${status} ${when}`);
  return [
    `Usage: ${usageOf(name)}`,
    "",
    ...paragraphs([`${definition.summary}.`, ...definition.description], width),
    ...section("Operands", rows.operands, width),
    ...section("Options", rows.options, width),
    ...section("Options of every command", rows.common, width),
    "Exit status (`rehome help exit-status`):",
    ...wrapText([commonStatuses, ...own].join("; "), width - 2).map((line) => `  ${line}`),
    "",
    ...section("Examples", rows.examples, width).slice(0, -1),
  ];
}

function renderGroup(group: string, width: number): string[] {
  const prefix = group === "" ? "" : `${group} `;
  const rows = commandNames
    .filter((name) => name.startsWith(prefix))
    .map((name): Row => [name, commands[name].summary]);
  const about = group === "" ? programSummary : `${groups[group] ?? ""}.`;
  const other: Row[] = [
    ["-V, --version", "Show the version"],
    ["help exit-status", "Show what commands end with"],
  ];
  return [
    `Usage: rehome ${prefix}COMMAND [options]`,
    "",
    ...paragraphs([about], width),
    ...section("Commands", rows, width),
    ...section(
      "Options of every command",
      [...optionsOf(commonFields).map(optionRow), ["-h, --help", "Show help about a command"]],
      width,
    ),
    ...(group === ""
      ? [
          ...section("Other", other, width),
          ...section(
            "Variables",
            variables.map(({ name, summary }): Row => [name, summary]),
            width,
          ),
        ]
      : []),
    ...wrapText(`\`rehome ${prefix}COMMAND --help\` has examples.`, width),
  ];
}

type Row = readonly [left: string, right: string];

function optionRow(option: NamedOption): Row {
  return [optionForms(option), option.field.summary + (isRepeatable(option) ? " (may be given several times)" : "")];
}

function paragraphs(texts: readonly string[], width: number): string[] {
  return texts.flatMap((text) => [...wrapText(text, width), ""]);
}

const widestLeft = 34;

function section(title: string, rows: readonly Row[], width: number): string[] {
  if (rows.length === 0) return [];
  const left = Math.min(widestLeft, Math.max(...rows.map(([word]) => cellWidth(word))));
  const lines = rows.flatMap(([word, text]) => {
    const wrapped = wrapText(text, Math.max(20, width - left - 4));
    const begins =
      cellWidth(word) > left ? [`  ${word}`] : [`  ${word.padEnd(left)}  ${wrapped.shift() ?? ""}`.trimEnd()];
    return [...begins, ...wrapped.map((line) => `${" ".repeat(left + 4)}${line}`)];
  });
  return [`${title}:`, ...lines, ""];
}
