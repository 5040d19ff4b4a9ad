import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../core/errors.ts";
import { noRules, packageRules, parseRules } from "./rules.ts";

const dpkg = (name: string) => ({ manager: "dpkg", name }) as const;

test("packageRules() asks rules first, then the package, then the shipped defaults", () => {
  const shipped = packageRules(noRules);
  assert.equal(shipped.scopeOf(dpkg("systemd-container")), "all-machines");
  assert.equal(shipped.scopeOf(dpkg("grub-efi-amd64")), "this-host");
  assert.equal(shipped.scopeOf(dpkg("bash")), "none");
  assert.equal(shipped.scopeOf({ manager: "svr4", name: "SUNWcsr", declaredScope: "all-machines" }), "all-machines");
  const decided = packageRules(
    parseRules({ scope: { none: ["systemd*"], "this-host": ["SUNW*"], "all-machines": ["rpm:bash"] } }, "f"),
  );
  assert.equal(decided.scopeOf(dpkg("systemd-container")), "none");
  assert.equal(decided.scopeOf({ manager: "svr4", name: "SUNWcsr", declaredScope: "all-machines" }), "this-host");
  assert.equal(decided.scopeOf(dpkg("bash")), "none");
  assert.equal(decided.scopeOf({ manager: "rpm", name: "bash" }), "all-machines");
});

test("packageRules() takes patterns whole, and the first level that names a package", () => {
  const { matchLevelOf } = packageRules(
    parseRules({ match: { default: "at-least", exact: ["lib?6", "a*"], ignore: ["*-doc"] } }, "f"),
  );
  const levels = ["libc6", "libcc6", "xlibc6", "a", "a-doc", "b"].map((name) => matchLevelOf(dpkg(name)));
  assert.deepEqual(levels, ["exact", "at-least", "at-least", "exact", "ignore", "at-least"]);
  assert.equal(packageRules(noRules).matchLevelOf(dpkg("a")), "exact");
});

test("parseRules() takes an empty file, and checks of the host that may be left out", () => {
  assert.deepEqual(parseRules(null, "f"), noRules);
  assert.deepEqual(parseRules({ host: { ignore: ["cpu-level"] } }, "f").ignoredChecks, ["cpu-level"]);
});

test("parseRules() refuses what it does not know", () => {
  const wrong = [
    [],
    "text",
    { scopes: {} },
    { scope: { host: ["a"] } },
    { scope: { none: "a" } },
    { scope: { none: [1] } },
    { match: { default: "newer" } },
    { match: { exact: ["a b"] } },
    { host: { ignore: ["name"] } },
    { scope: [] },
  ];
  for (const value of wrong) assert.throws(() => parseRules(value, "f"), UsageError, JSON.stringify(value));
});
