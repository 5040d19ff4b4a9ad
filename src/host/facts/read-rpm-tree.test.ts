import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { CaptureWarning, PackageFact } from "../../core/manifest/manifest.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { readInventory, readSystemFacts, type PackageFiles } from "../../system/facts/index.ts";
import { runTool } from "../processes.ts";
import { openSystemSources } from "./index.ts";

const spec = `
Name: demo
Version: 1.0
Release: 2
Epoch: 3
Summary: x
License: MIT AND GPL-2.0-or-later
BuildArch: noarch
%description
x
%install
mkdir -p %{buildroot}/etc %{buildroot}/usr/share/demo
for file in etc/demo.conf usr/share/demo/kept usr/share/demo/edited usr/share/demo/hidden usr/share/demo/volatile; do
  echo x > %{buildroot}/$file
  touch -d 2020-01-01 %{buildroot}/$file
done
%files
%config(noreplace) /etc/demo.conf
/usr/share/demo/kept
/usr/share/demo/edited
/usr/share/demo/hidden
%verify(not filedigest) /usr/share/demo/volatile
`;

/** A tree in which the real rpm has installed one real package. */
async function installedTree(context: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "rehome-rpmtree-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "demo.spec"), spec);
  const build = ["--quiet", "-bb", "--define", `_topdir ${folder}/top`, join(folder, "demo.spec")];
  await runTool("rpmbuild", build, { mustSucceed: true });
  const root = join(folder, "root");
  mkdirSync(root);
  const packageFile = join(folder, "top/RPMS/noarch/demo-1.0-2.noarch.rpm");
  const place = ["--root", root, "--define", "_dbpath /usr/lib/sysimage/rpm"];
  await runTool("rpm", [...place, "--force-debian", "--nodeps", "--install", packageFile], { mustSucceed: true });
  mkdirSync(join(root, "var/lib"), { recursive: true });
  symlinkSync("../../usr/lib/sysimage/rpm", join(root, "var/lib/rpm"));
  return root;
}

async function packagesOf(
  root: string,
  packageFiles: PackageFiles,
  warnings: CaptureWarning[] = [],
): Promise<readonly PackageFact[]> {
  using sources = openSystemSources(root, (warning) => warnings.push(warning));
  return (await readSystemFacts(sources, { packageFiles })).packages;
}

test("readSystemFacts() finds what was changed in packages that rpm installed", async (context) => {
  const root = await installedTree(context);
  const untouched = {
    manager: "rpm",
    name: "demo",
    version: "3:1.0-2",
    architecture: "noarch",
    license: "MIT AND GPL-2.0-or-later",
  };
  assert.deepEqual(await packagesOf(root, "all"), [{ ...untouched, modifiedFiles: [] }]);

  const longAgo = new Date("2020-01-01");
  appendFileSync(join(root, "usr/share/demo/edited"), "!");
  for (const path of ["etc/demo.conf", "usr/share/demo/hidden", "usr/share/demo/volatile"]) {
    writeFileSync(join(root, path), "X\n");
    utimesSync(join(root, path), longAgo, longAgo);
  }
  const changed = ["etc/demo.conf", "usr/share/demo/edited"];
  assert.deepEqual(await packagesOf(root, "changed"), [{ ...untouched, modifiedFiles: changed }]);
  assert.deepEqual(await packagesOf(root, "all"), [
    { ...untouched, modifiedFiles: [...changed, "usr/share/demo/hidden"] },
  ]);
});

test("readSystemFacts() leaves no trace in the rpm database it reads", async (context) => {
  const root = await installedTree(context);
  const database = join(root, "usr/lib/sysimage/rpm");
  for (const name of readdirSync(database)) if (name !== "rpmdb.sqlite") rmSync(join(database, name));
  assert.equal((await packagesOf(root, "changed")).length, 1);
  assert.deepEqual(readdirSync(database), ["rpmdb.sqlite"]);
});

test("readSystemFacts() warns of an rpm database that is damaged, and does not follow one out of the tree", async (context) => {
  const root = await installedTree(context);
  const database = join(root, "usr/lib/sysimage/rpm");
  writeFileSync(join(database, "rpmdb.sqlite"), "garbage ".repeat(1000));
  const warnings: CaptureWarning[] = [];
  assert.deepEqual(await packagesOf(root, "changed", warnings), []);
  assert.deepEqual(
    warnings.map(({ path }) => path),
    ["usr/lib/sysimage/rpm"],
  );

  const hostile = join(root, "hostile");
  mkdirSync(join(hostile, "var/lib"), { recursive: true });
  symlinkSync(database, join(hostile, "var/lib/rpm"));
  assert.deepEqual(await packagesOf(hostile, "changed"), []);
});

test("readInventory() lists an rpm with the files a machine inherits, and its changed files as patches", async (context) => {
  const root = await installedTree(context);
  appendFileSync(join(root, "usr/share/demo/edited"), "more");
  appendFileSync(join(root, "etc/demo.conf"), "more");
  using sources = openSystemSources(root, ({ message }) => assert.fail(message));
  const read = (...directories: string[]) =>
    readInventory(sources, { inheritedDirectories: directories as TreePath[], needsPatches: () => true });
  const [demo, ...others] = (await read("etc")).packages;
  assert.deepEqual(others, []);
  assert.deepEqual(
    { ...demo, patches: demo?.patches.map(({ id }) => id) },
    {
      manager: "rpm",
      name: "demo",
      version: "3:1.0-2",
      architecture: "noarch",
      files: ["etc/demo.conf"],
      patches: ["/etc/demo.conf", "/usr/share/demo/edited"],
    },
  );
  const [outside] = (await read()).packages;
  assert.deepEqual([outside?.files, outside?.patches.map(({ id }) => id)], [[], ["/usr/share/demo/edited"]]);
});
