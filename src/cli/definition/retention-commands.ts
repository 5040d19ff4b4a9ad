import { parseDuration } from "../values/duration.ts";
import { wholeNumber } from "../values/whole-number.ts";
import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { flag, operandList, parsedOption } from "./field.ts";

/** `rehome forget` as it was called. */
export interface ForgetCall {
  readonly pattern: readonly string[];
  readonly keepLast: number | undefined;
  readonly keepHourly: number | undefined;
  readonly keepDaily: number | undefined;
  readonly keepWeekly: number | undefined;
  readonly keepMonthly: number | undefined;
  readonly keepYearly: number | undefined;
  readonly keepWithin: number | undefined;
  readonly dryRun: boolean;
}

const keep = (what: string) => parsedOption("N", wholeNumber("number", 0, 100_000), `Keep ${what}`);

/** The definition of `rehome forget`. */
export const forgetCommand: CommandDefinition<ForgetCall> = {
  summary: "Remove old images by rules, and say why the others stay",
  description: [
    "Each name is looked at by itself; an image stays if any rule keeps it. Days, weeks (ISO 8601), months and years are those of UTC, and of each the newest image counts. An image with a word as tag always stays. `rehome store prune` then frees what no image needs any more.",
  ],
  fields: {
    pattern: operandList("PATTERN", "image", "NAME or NAME:TAG; `*` and `?` stand for anything", 1),
    keepLast: keep("the newest N images"),
    keepHourly: keep("one image for each of the newest N hours that have one"),
    keepDaily: keep("one for each of N days"),
    keepWeekly: keep("one for each of N weeks"),
    keepMonthly: keep("one for each of N months"),
    keepYearly: keep("one for each of N years"),
    keepWithin: parsedOption(
      "DURATION",
      parseDuration,
      "Keep all that are at most so much older than the newest, such as 36h or 14d",
    ),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "forget 'web:*' --keep-last 3 --keep-daily 7 --keep-weekly 4 -n", does: "what would stay, and why" },
    { line: "forget '*' --keep-within 14d", does: "two weeks of everything" },
  ],
};
