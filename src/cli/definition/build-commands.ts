import { UsageError } from "../../core/errors.ts";
import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { flag, listOption, operand, textOption, type OptionField } from "./field.ts";

/** `rehome build` as it was called. */
export interface BuildCall {
  readonly manifest: string;
  readonly list: boolean;
  readonly pauseBefore: string | undefined;
  readonly resume: string | undefined;
  readonly set: Readonly<Record<string, string>>;
  readonly work: string | undefined;
  readonly clean: boolean;
  readonly dryRun: boolean;
}

/** The definition of `rehome build`. */
export const buildCommand: CommandDefinition<BuildCall> = {
  summary: "Build a system by the checkpoints of a manifest",
  description: [
    "The manifest is YAML; docs/builds.md tells how to write one, and docs/format/build.schema.json is its schema. Everything in it is checked before the first checkpoint runs.",
    "The state before each checkpoint is kept. A build that failed or was stopped goes on when it is run again; -r begins at a checkpoint of your choice, as long as nothing before it has changed.",
    "A manifest runs programs on this host: run only those that you trust.",
  ],
  fields: {
    manifest: operand("MANIFEST", "file", "The manifest, a YAML file"),
    list: flag("List the checkpoints, and whether the build can begin there", "l"),
    pauseBefore: textOption("CHECKPOINT", "nothing", "Stop before this checkpoint", "p"),
    resume: textOption("CHECKPOINT", "nothing", "Begin at this checkpoint, with everything as it was before it", "r"),
    set: setOption(),
    work: textOption("DIR", "directory", "Build here. Default: a directory for each manifest in the state directory"),
    clean: flag("Remove all that builds of the manifest keep, and say how much it was"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "build kiosk.yaml", does: "all checkpoints, or go on where the last build of it stopped" },
    { line: "build -l kiosk.yaml", does: "what there is, with an X where the build can begin" },
    { line: "build -p customise kiosk.yaml", does: "everything before `customise`" },
    { line: "build -r customise kiosk.yaml", does: "`customise` and what follows, from its exact starting state" },
    { line: "build -n --set url=https://example.org kiosk.yaml", does: "check the manifest, show what would be done" },
    { line: "build --clean kiosk.yaml", does: "free the disk" },
  ],
  statuses: {
    3: "the manifest is wrong, the build cannot begin there, or another build is at work in the place",
    5: "it was paused, by -p or by `job pause`",
    7: "it was cancelled",
  },
};

function setOption(): OptionField<Readonly<Record<string, string>>> {
  const texts = listOption("NAME=VALUE", "nothing", "Give a variable of the manifest another value");
  return { ...texts, read: (given) => Object.fromEntries(texts.read(given).map(readAssignment)) };
}

function readAssignment(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`cannot use "${text}" as NAME=VALUE`, "Give the name of a variable, `=`, and its value.");
}
