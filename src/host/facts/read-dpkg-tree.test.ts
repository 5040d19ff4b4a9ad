import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import type { CaptureWarning, PackageFact } from "../../core/manifest/manifest.ts";
import { readSystemFacts, type PackageFiles } from "../../system/facts/index.ts";
import { runTool } from "../processes.ts";
import { openSystemSources } from "./index.ts";

const longAgo = new Date("2020-01-01T00:00:00Z");

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "rehome-dpkg-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function write(root: string, path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/** Builds a package with the given files and lets dpkg install it below `root`. */
async function installPackage(
  folder: string,
  root: string,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const source = join(folder, name);
  for (const [path, content] of Object.entries(files)) {
    write(source, path, content);
    utimesSync(join(source, path), longAgo, longAgo);
  }
  const fields = {
    Package: name,
    Version: "1.0-1",
    Architecture: "all",
    Maintainer: "A <a@example.org>",
    Description: "x",
  };
  const control = Object.entries(fields).map(([field, value]) => `${field}: ${value}\n`);
  write(source, "DEBIAN/control", control.join(""));
  const conffiles = Object.keys(files).filter((path) => path.startsWith("etc/"));
  write(source, "DEBIAN/conffiles", conffiles.map((path) => `/${path}\n`).join(""));
  await runTool("dpkg-deb", ["--build", "--root-owner-group", source, `${source}.deb`], { mustSucceed: true });
  const options = [`--root=${root}`, "--force-script-chrootless", "--force-not-root", "--log=/dev/null"];
  await runTool("dpkg", [...options, "--install", `${source}.deb`], { mustSucceed: true });
}

async function packagesOf(root: string, packageFiles: PackageFiles): Promise<readonly PackageFact[]> {
  using sources = openSystemSources(root, (warning) => assert.fail(warning.message));
  return (await readSystemFacts(sources, { packageFiles })).packages;
}

test("readSystemFacts() finds what was changed in packages that dpkg installed", async (context) => {
  const folder = temporaryFolder(context);
  const root = join(folder, "root");
  for (const path of ["updates", "info", "parts", "triggers"])
    mkdirSync(join(root, "var/lib/dpkg", path), { recursive: true });
  for (const path of ["status", "available"]) write(root, `var/lib/dpkg/${path}`, "");
  await installPackage(folder, root, "demo", {
    "etc/demo/kept.conf": "k",
    "etc/demo/edited.conf": "e",
    "etc/demo/removed.conf": "r",
    "usr/share/demo/kept": "k",
    "usr/share/demo/edited": "e",
    "usr/share/demo/hidden": "h",
    "usr/share/demo/removed": "r",
    "usr/share/demo/diverted": "d",
    "usr/share/doc/demo/copyright":
      "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nLicense: Expat\n",
  });
  const divert = ["--root", root, "--local", "--rename", "--divert", "/usr/share/demo/diverted.orig", "--add"];
  await runTool("dpkg-divert", [...divert, "/usr/share/demo/diverted"], { mustSucceed: true });

  const untouched = { manager: "dpkg", name: "demo", version: "1.0-1", architecture: "all", license: "Expat" };
  assert.deepEqual(await packagesOf(root, "all"), [{ ...untouched, modifiedFiles: [] }]);

  write(root, "usr/share/demo/diverted", "the administrator's own");
  for (const path of ["etc/demo/edited.conf", "usr/share/demo/edited", "usr/share/demo/hidden"])
    appendFileSync(join(root, path), "!");
  for (const path of ["etc/demo/edited.conf", "usr/share/demo/hidden"]) utimesSync(join(root, path), longAgo, longAgo);
  for (const path of ["etc/demo/removed.conf", "usr/share/demo/removed"]) rmSync(join(root, path));

  const changed = ["etc/demo/edited.conf", "usr/share/demo/edited"];
  assert.deepEqual(await packagesOf(root, "changed"), [{ ...untouched, modifiedFiles: changed }]);
  assert.deepEqual(await packagesOf(root, "all"), [
    { ...untouched, modifiedFiles: [...changed, "usr/share/demo/hidden"] },
  ]);
});

test("readSystemFacts() reads images without dpkg, one stanza a file", async (context) => {
  const root = temporaryFolder(context);
  write(root, "var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n");
  write(
    root,
    "var/lib/dpkg/status.d/base.md5sums",
    "0cc175b9c0f1b6a831c399e269772661  etc/a\n92eb5ffee6ae2fec3ad71c777531578f  etc/b\n",
  );
  write(root, "etc/a", "a");
  write(root, "etc/b", "changed");
  assert.deepEqual(await packagesOf(root, "changed"), [
    { manager: "dpkg", name: "base-files", version: "12.4", architecture: "amd64", modifiedFiles: ["etc/b"] },
  ]);
});

test("readSystemFacts() survives a dpkg database made to hurt", async (context) => {
  const folder = temporaryFolder(context);
  const outside = "Package: outside\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n";
  write(folder, "outside/status", outside);
  write(folder, "outside/copyright", "/usr/share/common-licenses/GPL-2");

  const readHostile = async (
    name: string,
    make: (root: string) => unknown,
  ): Promise<[number, readonly CaptureWarning[]]> => {
    const root = join(folder, name);
    mkdirSync(join(root, "var/lib/dpkg"), { recursive: true });
    await make(root);
    const warnings: CaptureWarning[] = [];
    using sources = openSystemSources(root, (warning) => warnings.push(warning));
    const { packages } = await readSystemFacts(sources, { packageFiles: "all" });
    assert.ok(packages.every(({ license }) => license === undefined));
    return [packages.length, warnings];
  };

  const status = "var/lib/dpkg/status";
  const [throughLink] = await readHostile("link", (root) =>
    symlinkSync("../../../../outside/status", join(root, status)),
  );
  assert.equal(throughLink, 0);
  const [, fifo] = await readHostile("fifo", (root) => runTool("mkfifo", [join(root, status)]));
  assert.deepEqual(
    fifo.map(({ path }) => path),
    [status],
  );
  const [, giant] = await readHostile("giant", (root) => {
    write(root, status, outside);
    truncateSync(join(root, status), 2 ** 40);
  });
  assert.deepEqual(
    giant.map(({ path }) => path),
    [status],
  );
  const [absurd] = await readHostile("absurd", (root) => {
    write(root, status, `${"\0\xff".repeat(100_000)}\n\n${outside}Conffiles:\n /../../etc/shadow ${"0".repeat(32)}\n`);
    write(root, "var/lib/dpkg/info/outside.md5sums", `${"0".repeat(32)}  ${"../".repeat(20)}etc/passwd\n`.repeat(1000));
    mkdirSync(join(root, "usr/share/doc"), { recursive: true });
    symlinkSync(join(folder, "outside"), join(root, "usr/share/doc/outside"));
  });
  assert.equal(absurd, 1);
  const [, endless] = await readHostile("endless", (root) => {
    const named = (at: number): string => outside.replace("outside", `p${at}${"x".repeat(190)}`);
    const stanzas = Array.from({ length: 38_000 }, (_, at) => `${named(at)}\n`);
    write(root, status, stanzas.join("").replaceAll("Version: 1", `Version: ${"1".repeat(199)}`));
  });
  assert.match(endless.at(-1)?.message ?? "", /packages are more than a manifest can hold/);
});
