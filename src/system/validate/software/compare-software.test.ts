import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstalledPackage, Inventory, Patch } from "../../../core/inventory/inventory.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import { renderReport } from "../render-report.ts";
import { chooseNeeded, compareSoftware } from "./compare-software.ts";
import { noRules, parseRules, type ValidationRules } from "./rules.ts";

function installed(name: string, version: string, more: Partial<InstalledPackage> = {}): InstalledPackage {
  return { manager: "dpkg", name, version, architecture: "amd64", files: [], patches: [], ...more };
}

const files = (...paths: string[]) => ({ files: paths as TreePath[] });
const of = (...packages: InstalledPackage[]): Inventory => ({ packages, livePatches: [] });

function report(
  source: Inventory,
  local: Inventory,
  inherited: readonly string[] = [],
  rules: ValidationRules = noRules,
): string[] {
  const directories = inherited as TreePath[];
  return renderReport(compareSoftware(chooseNeeded(source, directories, noRules), local, directories, rules));
}

const modified = (id: string, content: string): Patch => ({ kind: "modified-file", id, content });

test("chooseNeeded() passes over packages of the host alone, takes those for all, and those the machine sees", () => {
  const source = of(
    installed("grub-pc", "1", files("usr/lib/grub")),
    installed("systemd", "252"),
    installed("bash", "5", files("bin/bash", "usr/share/x")),
    installed("other", "1", files("usr2/a", "opt/usr/a")),
    installed("file-itself", "1", files("etc/ssl/cert.pem")),
  );
  const names = (...directories: string[]): string[] =>
    chooseNeeded(source, directories as TreePath[], noRules).packages.map(({ name }) => name);
  assert.deepEqual(names(), ["systemd"]);
  assert.deepEqual(names("usr"), ["systemd", "bash"]);
  assert.deepEqual(names("etc/ssl/cert.pem", "usr"), ["systemd", "bash", "file-itself"]);
  assert.deepEqual(names(""), ["systemd", "bash", "other", "file-itself"]);
});

test("compareSoftware() lists both directions at once, versions exactly", () => {
  const source = of(
    installed("a", "1.0-1", files("usr/a")),
    installed("b", "1.0-1", files("usr/b")),
    installed("c", "1.0-2", files("usr/c")),
    installed("same", "3", files("usr/same")),
  );
  const local = of(
    installed("c", "1.0-1", files("usr/c")),
    installed("a", "1.0-1+deb12u1", files("usr/a")),
    installed("same", "3", files("usr/same")),
    installed("d", "9", files("usr/d")),
    installed("elsewhere", "9", files("opt/d")),
  );
  assert.deepEqual(report(source, local, ["usr"]), [
    "source host packages inconsistent with local host",
    "  a (1.0-1) version mismatch",
    "    (1.0-1+deb12u1)",
    "  b (1.0-1) is not installed",
    "  c (1.0-2) version mismatch",
    "    (1.0-1)",
    "local host packages inconsistent with source host",
    "  d (9) was not installed",
    "what would mend it",
    "  here: apt-get install a:amd64=1.0-1; or bring the source host to 1.0-1+deb12u1; or let newer versions pass (match: at-least: [a])",
    "  here: apt-get install b:amd64=1.0-1",
    "  here: apt-get install c:amd64=1.0-2",
    "  here: apt-get remove d:amd64; or install d on the source host too",
  ]);
  assert.deepEqual(report(source, source, ["usr"]), []);
});

test("compareSoftware() lets newer versions and further packages pass with at-least, everything with ignore", () => {
  const source = of(installed("a", "1.0", files("usr/a")), installed("b", "2.0", files("usr/b")));
  const local = of(
    installed("a", "1.1", files("usr/a")),
    installed("b", "1.9~rc1", files("usr/b")),
    installed("c", "1", files("usr/c")),
  );
  const lines = report(source, local, ["usr"], parseRules({ match: { default: "at-least" } }, "f"));
  assert.deepEqual(lines.slice(0, 4), [
    "source host packages inconsistent with local host",
    "  b (2.0) version mismatch",
    "    (1.9~rc1)",
    "what would mend it",
  ]);
  assert.deepEqual(report(source, local, ["usr"], parseRules({ match: { ignore: ["*"] } }, "f")), []);
});

test("compareSoftware() takes any of several versions of a package, and tells architectures apart", () => {
  const rpm = (name: string, version: string, architecture = "x86_64"): InstalledPackage =>
    installed(name, version, { manager: "rpm", architecture, declaredScope: "all-machines" });
  assert.deepEqual(report(of(rpm("k", "1-1")), of(rpm("k", "1-2"), rpm("k", "1-1"))), []);
  const lines = report(of(rpm("k", "1-1")), of(rpm("k", "1-2"), rpm("k", "1-10"), rpm("k", "1-1", "i686")));
  assert.deepEqual(lines.slice(1, 3), ["  k (1-1) version mismatch", "    (1-10)"]);
});

test("compareSoftware() compares patches by what they hold, and those of a newer package not at all", () => {
  const withPatches = (version: string, ...patches: Patch[]): Inventory => ({
    packages: [installed("systemd", version, { patches })],
    livePatches: [],
  });
  const source = withPatches("252", modified("/lib/a", "11"), modified("/lib/b", "22"), {
    kind: "diversion",
    id: "/bin/x",
    content: "/bin/x.real",
  });
  const local = withPatches("252", modified("/lib/b", "33"), modified("/lib/c", "44"));
  const lines = report(source, local);
  assert.deepEqual(lines.slice(0, lines.indexOf("what would mend it")), [
    "source host patches inconsistent with local host",
    "  diversion of /bin/x is not installed",
    "  changed file /lib/a of systemd is not installed",
    "  changed file /lib/b of systemd (22) content mismatch",
    "    (33)",
    "local host patches inconsistent with source host",
    "  changed file /lib/c of systemd was not installed",
  ]);
  assert.deepEqual(
    report(source, withPatches("253"), [], parseRules({ match: { default: "at-least" } }, "f")),
    [],
    "a newer package may have the change built in",
  );
});

test("compareSoftware() compares live patches of the kernels", () => {
  const source: Inventory = { packages: [], livePatches: [{ kind: "live-patch", id: "kpatch_1" }] };
  const local: Inventory = { packages: [], livePatches: [{ kind: "live-patch", id: "kpatch_2" }] };
  const lines = report(source, local);
  assert.ok(lines.includes("  live patch kpatch_1 is not installed"));
  assert.ok(lines.includes("  live patch kpatch_2 was not installed"));
});
