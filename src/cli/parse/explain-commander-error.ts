import type { CommanderError } from "commander";
import { UsageError } from "../../core/errors.ts";
import { commandNames, groups } from "../definition/index.ts";

/** Says in our words what commander found wrong with a command line. */
export function explainCommanderError(error: CommanderError, args: readonly string[]): UsageError {
  const command = commandIn(args);
  const [, text = "", near = ""] =
    /^(?:error: )?(.*?)(?:\n\(Did you mean (?:one of )?(.*)\?\))?$/s.exec(error.message) ?? [];
  const quoted = /'([^']*)'/.exec(text)?.[1] ?? "";
  const help = `See \`rehome ${command === "" ? "" : `${command} `}--help\`.`;
  const remedy = near === "" ? help : `Did you mean ${near.replaceAll(", ", " or ")}? ${help}`;
  const what = command === "" ? "rehome" : `rehome ${command}`;
  switch (error.code) {
    case "commander.unknownCommand":
      return new UsageError(`cannot run "${quoted}": there is no such command`, remedy, { cause: error });
    case "commander.unknownOption":
      return new UsageError(`cannot use ${quoted}: ${what} has no such option`, remedy, { cause: error });
    case "commander.missingArgument":
      return new UsageError(`cannot run ${what}: ${quoted} is missing`, remedy, { cause: error });
    case "commander.optionMissingArgument":
      return new UsageError(`cannot use ${quoted}: its value is missing`, remedy, { cause: error });
    case "commander.excessArguments":
      return new UsageError(
        `cannot run ${what}: there are more operands than it takes`,
        // The KA method has the number of nodes there.
        command === "clone serve" && args.includes("-n") ? "-n is the dry run; give the number as --nodes N." : remedy,
        { cause: error },
      );
    default:
      return new UsageError(`cannot read the command line: ${text}`, remedy, { cause: error });
  }
}

/** The command that a command line begins with, as far as it can be told. */
function commandIn(args: readonly string[]): string {
  const words = args.filter((word) => !word.startsWith("-"));
  const two = words.slice(0, 2).join(" ");
  const one = words[0] ?? "";
  const known: readonly string[] = commandNames;
  return known.includes(two) ? two : known.includes(one) || Object.hasOwn(groups, one) ? one : "";
}
