import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstalledPackage } from "../../../core/inventory/inventory.ts";
import type { Finding, PackageFinding } from "../../../system/validate/index.ts";
import { installCommand, planHostUpdate, planMachineUpdate } from "./plan-update.ts";

const installed = (name: string, version: string): InstalledPackage => ({
  manager: "dpkg",
  name,
  version,
  architecture: "amd64",
  files: [],
  patches: [],
});

function finding(
  name: string,
  sourceVersion?: string,
  localVersion?: string,
  more: Partial<PackageFinding> = {},
): PackageFinding {
  return {
    section: sourceVersion === undefined ? "local-packages" : "source-packages",
    kind:
      sourceVersion === undefined
        ? "was-not-installed"
        : localVersion === undefined
          ? "not-installed"
          : "version-mismatch",
    manager: "dpkg",
    name,
    architecture: "amd64",
    ...(sourceVersion !== undefined && { sourceVersion }),
    ...(localVersion !== undefined && { localVersion }),
    mend: "m",
    ...more,
  };
}

const names = (findings: readonly Finding[]): string[] =>
  findings.map((one) => ("name" in one ? one.name : one.section));

test("planMachineUpdate() brings up what the machine has itself, never down, and leaves what the host lacks", () => {
  const { changes, remaining } = planMachineUpdate(
    [
      finding("older", "1.0", "1.10"),
      finding("newer", "2.0", "1.0"),
      finding("same", "1.0", "2.0"),
      finding("inherited", "1.0", "2.0"),
      finding("host-lacks", "1.0"),
      finding("extra", undefined, "3.0"),
      finding("rpm", "1-1", "1-2", { manager: "rpm" }),
      { section: "host", check: "kernel", message: "old", mend: "m" },
    ],
    [
      installed("older", "1.2"),
      installed("newer", "2.0"),
      installed("same", "2.0"),
      installed("extra", "2.9"),
      { ...installed("rpm", "1-1"), manager: "rpm" },
    ],
  );
  assert.deepEqual(changes, [
    { name: "older", architecture: "amd64", from: "1.2", to: "1.10" },
    { name: "extra", architecture: "amd64", from: "2.9", to: "3.0" },
  ]);
  assert.deepEqual(names(remaining), ["newer", "host-lacks", "rpm", "host"]);
});

test("planHostUpdate() installs what is missing and brings up what is older, and removes nothing", () => {
  const { changes, remaining } = planHostUpdate([
    finding("older", "1.10", "1.2"),
    finding("missing", "1.0"),
    finding("newer", "1.0", "2.0"),
    finding("extra", undefined, "3.0"),
  ]);
  assert.deepEqual(installCommand(changes).slice(-2), ["older:amd64=1.10", "missing:amd64=1.0"]);
  assert.deepEqual(names(remaining), ["newer", "extra"]);
});

test("planHostUpdate() takes nothing for a version that apt-get would take for something else", () => {
  const odd = ["1.0-", "1.0+", "-o", "1.0 x", "1/stable"].map((version) => finding("tool", version));
  const { changes, remaining } = planHostUpdate([...odd, finding("to*", "1.0"), finding("-x", "1.0")]);
  assert.deepEqual([changes.length, remaining.length], [0, odd.length + 2]);
});
