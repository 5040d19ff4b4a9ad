import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type * as yaml from "yaml";
import { UsageError } from "../../core/errors.ts";
import { errnoNameOf } from "../../host/system-call-error.ts";
import { noRules, parseRules, type ValidationRules } from "../../system/validate/index.ts";
import type { Paths } from "../settings/settings.ts";

/** The rules of validation that hold on this host; where there is no file, nothing was decided. @throws {UsageError} */
export function readRules({ rulesFile }: Pick<Paths, "rulesFile">): ValidationRules {
  let text: string;
  try {
    text = readFileSync(rulesFile, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoNameOf(error) ?? "")) return noRules;
    throw error;
  }
  return parseRules(parseYaml(text, rulesFile), rulesFile);
}

function parseYaml(text: string, file: string): unknown {
  try {
    const { parse } = createRequire(import.meta.url)("yaml") as Pick<typeof yaml, "parse">;
    return parse(text);
  } catch (cause) {
    throw new UsageError(`cannot read the rules "${file}": ${(cause as Error).message}`, "Mend the file.", { cause });
  }
}
