import { UsageError } from "../../../core/errors.ts";
import type { InstalledPackage, PackageScope } from "../../../core/inventory/inventory.ts";
import { hostChecks, ignorableChecks, type HostCheck } from "../target/host-check.ts";
import { defaultScopes } from "./default-scopes.ts";

/** How well versions must match: the very one, that one or a newer one, or not at all. */
export type MatchLevel = "exact" | "at-least" | "ignore";

/**
 * What an administrator has decided about validation. A pattern is the name of a package with `*` and `?`, for one
 * package manager alone as `dpkg:NAME`.
 */
export interface ValidationRules {
  readonly scope: Readonly<Record<PackageScope, readonly string[]>>;
  /** For packages that `match` does not name. */
  readonly matchDefault: MatchLevel;
  readonly match: Readonly<Record<MatchLevel, readonly string[]>>;
  /** Checks of the host that are left out. */
  readonly ignoredChecks: readonly HostCheck[];
}

/** What holds where nothing was decided. */
export const noRules: ValidationRules = {
  scope: { "this-host": [], "all-machines": [], none: [] },
  matchDefault: "exact",
  match: { exact: [], "at-least": [], ignore: [] },
  ignoredChecks: [],
};

/** What is asked of a package by the rules. */
export interface PackageRules {
  readonly scopeOf: (installed: Pick<InstalledPackage, "manager" | "name" | "declaredScope">) => PackageScope;
  readonly matchLevelOf: (installed: Pick<InstalledPackage, "manager" | "name">) => MatchLevel;
}

const scopes: readonly PackageScope[] = ["this-host", "all-machines", "none"];
const levels: readonly MatchLevel[] = ["ignore", "at-least", "exact"];

/**
 * Makes `rules` ready to be asked. A package's scope is what a rule says, else what the package says of itself, else the
 * shipped default; where several lists name a package, the first of `this-host`, `all-machines`, `none` and of `ignore`,
 * `at-least`, `exact` holds.
 */
export function packageRules(rules: ValidationRules): PackageRules {
  const decided = scopes.map((scope) => ({ value: scope, matches: matcher(rules.scope[scope]) }));
  const shipped = scopes.map((scope) => ({ value: scope, matches: matcher(defaultScopes[scope]) }));
  const match = levels.map((level) => ({ value: level, matches: matcher(rules.match[level]) }));
  return {
    scopeOf: (installed) =>
      find(decided, installed) ?? installed.declaredScope ?? find(shipped, installed) ?? ("none" as const),
    matchLevelOf: (installed) => find(match, installed) ?? rules.matchDefault,
  };
}

/**
 * Reads the content of the rules file, already parsed: `scope` and `match` with lists of patterns, `match.default`, and
 * `host.ignore` with names of checks.
 *
 * @throws {UsageError} If it holds anything else; a rule that is misspelt must not pass for one that is not there.
 */
export function parseRules(value: unknown, file: string): ValidationRules {
  const top = mapOf(value, ["scope", "match", "host"], "", file);
  const scope = mapOf(top["scope"], scopes, "scope", file);
  const match = mapOf(top["match"], ["default", ...levels], "match", file);
  const host = mapOf(top["host"], ["ignore"], "host", file);
  const fallback = match["default"] ?? "exact";
  if (!isOneOf(levels, fallback)) throw wrong(file, "match.default", `one of ${levels.join(", ")} is needed`);
  return {
    scope: {
      "this-host": patternsOf(scope["this-host"], "scope.this-host", file),
      "all-machines": patternsOf(scope["all-machines"], "scope.all-machines", file),
      none: patternsOf(scope["none"], "scope.none", file),
    },
    matchDefault: fallback,
    match: {
      exact: patternsOf(match["exact"], "match.exact", file),
      "at-least": patternsOf(match["at-least"], "match.at-least", file),
      ignore: patternsOf(match["ignore"], "match.ignore", file),
    },
    ignoredChecks: listOf(host["ignore"], "host.ignore", file).map((check) => {
      if (!isOneOf(hostChecks, check) || !ignorableChecks.has(check))
        throw wrong(file, "host.ignore", `it can hold ${[...ignorableChecks].join(", ")}, not "${check}"`);
      return check;
    }),
  };
}

type Named = Pick<InstalledPackage, "manager" | "name">;

function find<Value>(
  lists: readonly { readonly value: Value; readonly matches: (named: Named) => boolean }[],
  named: Named,
): Value | undefined {
  return lists.find(({ matches }) => matches(named))?.value;
}

function matcher(patterns: readonly string[]): (named: Named) => boolean {
  if (patterns.length === 0) return () => false;
  const sources = patterns.map((pattern) => {
    const [, manager, name = pattern] = /^(dpkg|rpm|apk|svr4):(.*)$/.exec(pattern) ?? [];
    return `${manager ?? "[a-z0-9]+"}:${globSource(name)}`;
  });
  const expression = new RegExp(`^(?:${sources.join("|")})$`);
  return ({ manager, name }) => expression.test(`${manager}:${name}`);
}

function globSource(glob: string): string {
  return glob.replaceAll(/[^A-Za-z0-9_]/g, (character) =>
    character === "*" ? ".*" : character === "?" ? "." : `\\${character}`,
  );
}

function isOneOf<Word extends string>(words: readonly Word[], value: unknown): value is Word {
  return (words as readonly unknown[]).includes(value);
}

function mapOf(value: unknown, keys: readonly string[], at: string, file: string): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw wrong(file, at || "it", "a map of keys is needed");
  for (const key of Object.keys(value))
    if (!keys.includes(key)) throw wrong(file, at === "" ? key : `${at}.${key}`, `known keys are ${keys.join(", ")}`);
  return value as Record<string, unknown>;
}

function patternsOf(value: unknown, at: string, file: string): string[] {
  const patterns = listOf(value, at, file);
  const unusable = patterns.find((pattern) => !/^(?:(?:dpkg|rpm|apk|svr4):)?[A-Za-z0-9*?+._-]{1,200}$/.test(pattern));
  if (unusable !== undefined) throw wrong(file, at, `"${unusable}" is no name of a package with * and ?`);
  return patterns;
}

function listOf(value: unknown, at: string, file: string): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw wrong(file, at, "a list of words is needed");
}

function wrong(file: string, at: string, what: string): UsageError {
  return new UsageError(`cannot read the rules "${file}": ${at}: ${what}`, "Mend the file.");
}
