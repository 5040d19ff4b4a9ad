import { globSync } from "node:fs";
import process from "node:process";

import { cruise, format, type ICruiseOptions, type ICruiseResult } from "dependency-cruiser";
import extractDepcruiseConfig from "dependency-cruiser/config-utl/extract-depcruise-config";

/**
 * Holds the borders of `.dependency-cruiser.cjs` and makes sure that every module of src was looked at: a cruise that
 * finds no modules finds no violations either.
 */
const { options, ...ruleSet } = await extractDepcruiseConfig("./.dependency-cruiser.cjs");
const cruiseOptions: ICruiseOptions = { ...options, ruleSet, validate: true };
const cruised = (await cruise(["src"], cruiseOptions)).output as ICruiseResult;

const expected = globSync("src/**/*.ts").filter((path) => !/\.(test|contract)\.ts$/.test(path));
const seen = new Set(cruised.modules.map((module) => module.source));
const unseen = expected.filter((path) => !seen.has(path));
const edges = cruised.modules.reduce((sum, module) => sum + module.dependencies.length, 0);

const report = await format(cruised, { outputType: "err-long" });
if (typeof report.output === "string") process.stdout.write(report.output);
if (unseen.length > 0 || (expected.length > 1 && edges === 0)) {
  process.stdout.write(`${expected.length} modules exist, ${unseen.length} were not cruised: ${unseen.join(" ")}\n`);
  process.exitCode = 1;
} else if (report.exitCode > 0) {
  process.exitCode = 1;
}
