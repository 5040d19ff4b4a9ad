import type { CommandDefinition } from "./command-definition.ts";
import { choiceOperand, operandList, textOption } from "./field.ts";

/** `rehome doctor` as it was called. */
export type DoctorCall = Readonly<Record<string, never>>;

/** The definition of `rehome doctor`. */
export const doctorCommand: CommandDefinition<DoctorCall> = {
  summary: "Say what this host can do, and what to install for the rest",
  description: ["Changes nothing, and needs no privilege."],
  fields: {},
  examples: [{ line: "doctor", does: "one line for each capability" }],
};

/** `rehome report` as it was called. */
export interface ReportCall {
  readonly output: string | undefined;
}

/** The definition of `rehome report`. */
export const reportCommand: CommandDefinition<ReportCall> = {
  summary: "Write a report of this host for those who help you",
  description: [
    "A tar (gzip) with versions, what this host can do, configuration, records of machines, how full the places are, and the newest 50 jobs with their journals, logs and evidence. What looks like a secret is left out: keys, tokens, password hashes, and values named as secrets. Names of hosts, users, paths and packages are in it.",
    "It is no backup: it holds no data of any system and cannot be restored.",
  ],
  fields: {
    output: textOption(
      "FILE",
      "file",
      "Write to FILE, which must not be there. Default: rehome-report-HOST-TIME.tar.gz",
    ),
  },
  examples: [
    { line: "report", does: "into the current directory" },
    { line: "report --output /tmp/report.tar.gz", does: "elsewhere" },
  ],
};

/** Shells that completion is written for. */
export type Shell = "bash" | "zsh" | "fish";

/** `rehome completion` as it was called. */
export interface CompletionCall {
  readonly shell: Shell;
}

/** The definition of `rehome completion`. */
export const completionCommand: CommandDefinition<CompletionCall> = {
  summary: "Print a script that completes commands, options and images",
  description: [],
  fields: { shell: choiceOperand<Shell>("SHELL", ["bash", "zsh", "fish"], "bash, zsh or fish") },
  examples: [
    { line: "completion bash > /etc/bash_completion.d/rehome", does: "bash, for all users" },
    { line: 'completion zsh > "${fpath[1]}/_rehome"', does: "zsh" },
    { line: "completion fish > ~/.config/fish/completions/rehome.fish", does: "fish" },
  ],
};

/** `rehome help` as it was called. */
export interface HelpCall {
  readonly topic: readonly string[];
}

/** The definition of `rehome help`. */
export const helpCommand: CommandDefinition<HelpCall> = {
  summary: "Show help about a command, or the table of exit statuses",
  description: ["The topic `exit-status` lists what every command ends with."],
  fields: { topic: operandList("TOPIC", "command", "A command, or exit-status", 0) },
  examples: [
    { line: "help restore", does: "the same as rehome restore --help" },
    { line: "help exit-status", does: "what the statuses mean" },
  ],
};
