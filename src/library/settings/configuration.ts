import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type * as yaml from "yaml";
import { UsageError } from "../../core/errors.ts";

/** A value of an option, as the configuration file gives it: several for one that may be given several times. */
export type OptionValue = string | number | boolean | readonly (string | number)[];

/** Values of options by their names, without the dashes. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** What the configuration file may say: paths, how many days ended jobs are kept, and options of commands that are called again and again. */
export interface Configuration {
  readonly "state-dir"?: string;
  readonly store?: string;
  readonly "machines-dir"?: string;
  readonly "nspawn-dir"?: string;
  readonly "hooks-dir"?: string;
  readonly rules?: string;
  readonly "prepare-dir"?: string;
  readonly "key-file"?: string;
  readonly "trusted-signers"?: string;
  readonly "keep-jobs-days"?: number;
  readonly "clone-serve"?: OptionValues;
  readonly "clone-join"?: OptionValues;
}

const pathKeys = [
  "state-dir",
  "store",
  "machines-dir",
  "nspawn-dir",
  "hooks-dir",
  "rules",
  "prepare-dir",
  "key-file",
  "trusted-signers",
] as const;
const optionKeys = ["clone-serve", "clone-join"] as const;
const keys: readonly (keyof Configuration)[] = [...pathKeys, "keep-jobs-days", ...optionKeys];

/** Where the configuration is looked for unless `REHOME_CONFIG` names another file. */
export const defaultConfigurationPath = "/etc/rehome/config.yaml";

/**
 * Reads a configuration file (YAML). Nothing at the default place is an empty configuration; the parser is loaded only where there is one.
 *
 * @throws {UsageError} If a named file is not there, is no YAML, or holds a key that is not known.
 */
export function readConfiguration(path: string | undefined): Configuration {
  const file = path ?? defaultConfigurationPath;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const isAbsent = ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
    if (path === undefined && isAbsent) return {};
    throw new UsageError(
      `cannot read the configuration "${file}": ${(error as Error).message}`,
      "Check REHOME_CONFIG.",
      { cause: error },
    );
  }
  return parseConfiguration(text, file);
}

/** @throws {UsageError} */
export function parseConfiguration(text: string, file: string): Configuration {
  let value: unknown;
  try {
    const { parse } = createRequire(import.meta.url)("yaml") as Pick<typeof yaml, "parse">;
    value = parse(text) ?? {};
  } catch (error) {
    throw new UsageError(`cannot read the configuration "${file}": ${(error as Error).message}`, "Mend the file.", {
      cause: error,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UsageError(
      `cannot read the configuration "${file}": it is no map of keys`,
      `Known keys: ${keys.join(", ")}.`,
    );
  for (const [key, setting] of Object.entries(value)) {
    if (!keys.includes(key as keyof Configuration))
      throw new UsageError(
        `cannot read the configuration "${file}": the key "${key}" is not known`,
        `Known keys: ${keys.join(", ")}.`,
      );
    const whyNot = whyUnusable(key, setting);
    if (whyNot !== undefined)
      throw new UsageError(`cannot read the configuration "${file}": "${key}" ${whyNot.what}`, whyNot.remedy);
  }
  return value;
}

interface WhyNot {
  readonly what: string;
  readonly remedy: string;
}

function whyUnusable(key: string, setting: unknown): WhyNot | undefined {
  if (key === "keep-jobs-days") {
    const isCount = Number.isSafeInteger(setting) && Number(setting) >= 0;
    return isCount ? undefined : { what: "is no number of days", remedy: "Give a whole number." };
  }
  if (optionKeys.some((each) => each === key)) {
    if (typeof setting !== "object" || setting === null || Array.isArray(setting))
      return { what: "is no map of options", remedy: "Give options by their names, without the dashes." };
    const wrong = Object.entries(setting).find(([, value]) => !isOptionValue(value));
    return wrong && { what: `has no usable value for ${wrong[0]}`, remedy: "Give a text, a number, true, or a list." };
  }
  const isPath = typeof setting === "string" && setting !== "";
  return isPath ? undefined : { what: "is no path", remedy: "Give a path as text." };
}

function isOptionValue(value: unknown): value is OptionValue {
  if (Array.isArray(value)) return value.every((each) => ["string", "number"].includes(typeof each));
  return ["string", "number", "boolean"].includes(typeof value);
}
