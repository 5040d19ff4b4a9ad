import { UsageError } from "../../core/errors.ts";
import type { OptionValues } from "../../library/settings/configuration.ts";
import { optionsOf, type AnyCommand } from "../definition/index.ts";

/**
 * Adds what the configuration file says of options that were not given on the command line.
 *
 * @param key Where it says so. @throws {UsageError} If it names an option that is none.
 */
export function addConfigured(
  fields: AnyCommand["fields"],
  given: Map<string, string[]>,
  values: OptionValues,
  key: string,
): void {
  const options = optionsOf(fields);
  for (const [name, value] of Object.entries(values)) {
    const option = options.find(({ long }) => long === `--${name}`);
    if (option === undefined)
      throw new UsageError(
        `cannot use the configuration: "${key}" has no option "${name}"`,
        `Known ones: ${options.map(({ long }) => long.slice(2)).join(", ")}.`,
      );
    const isFlag = option.field.valueName === undefined;
    if (isFlag !== (typeof value === "boolean") || (Array.isArray(value) && !option.field.repeatable))
      throw new UsageError(
        `cannot use the configuration: "${key}" gives "${name}" what it does not take`,
        isFlag ? "Give true or false." : "Give one text or number.",
      );
    if (given.has(option.key) || value === false) continue;
    given.set(option.key, isFlag ? [""] : [value].flat().map(String));
  }
}
