import { globSync } from "node:fs";
import process from "node:process";
import { Visitor } from "@swc/core/Visitor.js";
import { cruise, format, type ICruiseOptions, type ICruiseResult } from "dependency-cruiser";
import extractDepcruiseConfig from "dependency-cruiser/config-utl/extract-depcruise-config";

// swc's visitor, which dependency-cruiser reads modules with, does not know `using` and `await using` and would throw.
type Visit = (node: { readonly type: string; readonly decls?: never }) => unknown;
const visitor = Visitor.prototype as unknown as Record<
  "visitStatement" | "visitPattern" | "visitVariableDeclarators",
  Visit
>;
for (const method of ["visitStatement", "visitPattern"] as const) {
  const known = visitor[method];
  visitor[method] = function visit(node) {
    if (node.type !== "UsingDeclaration" || node.decls === undefined) return known.call(this, node);
    visitor.visitVariableDeclarators.call(this, node.decls);
    return node;
  };
}

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
