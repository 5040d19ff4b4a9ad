import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type * as yaml from "yaml";
import { UsageError } from "../../core/errors.ts";

/** What the configuration file may say: paths, and how many days ended jobs are kept. */
export interface Configuration {
  readonly "state-dir"?: string;
  readonly store?: string;
  readonly "machines-dir"?: string;
  readonly "nspawn-dir"?: string;
  readonly "hooks-dir"?: string;
  readonly rules?: string;
  readonly "prepare-dir"?: string;
  readonly "key-file"?: string;
  readonly "keep-jobs-days"?: number;
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
] as const;
const keys: readonly (keyof Configuration)[] = [...pathKeys, "keep-jobs-days"];

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
    if (key === "keep-jobs-days") {
      if (!Number.isSafeInteger(setting) || Number(setting) < 0)
        throw new UsageError(
          `cannot read the configuration "${file}": "${key}" is no number of days`,
          "Give a whole number.",
        );
    } else if (typeof setting !== "string" || setting === "")
      throw new UsageError(`cannot read the configuration "${file}": "${key}" is no path`, "Give a path as text.");
  }
  return value;
}
