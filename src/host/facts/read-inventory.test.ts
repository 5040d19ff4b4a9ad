import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Inventory, InstalledPackage } from "../../core/inventory/inventory.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { readInventory } from "../../system/facts/index.ts";
import { openSystemSources } from "./index.ts";

function tree(context: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "rehome-inventory-"));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

async function read(root: string, inherited: readonly string[] = [], withPatches = true): Promise<Inventory> {
  using sources = openSystemSources(root, ({ message }) => assert.fail(message));
  return await readInventory(sources, {
    inheritedDirectories: inherited as TreePath[],
    needsPatches: () => withPatches,
  });
}

const named = ({ packages }: Inventory, name: string): InstalledPackage | undefined =>
  packages.find((installed) => installed.name === name);
const filesOf = (inventory: Inventory): Record<string, readonly string[]> =>
  Object.fromEntries(inventory.packages.map(({ name, files }) => [name, files]));
const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

function stanza(name: string, more = ""): string {
  return `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.0-1\n${more}\n`;
}

const dpkgTree = {
  "var/lib/dpkg/status": stanza("tool", `Conffiles:\n /etc/tool.conf ${md5("as brought")}\n`) + stanza("base"),
  "var/lib/dpkg/info/tool.list": "/.\n/bin\n/bin/tool\n/etc\n/etc/tool.conf\n/usr\n/usr/share\n/usr/share/tool\n",
  "var/lib/dpkg/info/tool.md5sums": `${md5("as brought")}  bin/tool\n${md5("kept")}  usr/share/tool\n`,
  "var/lib/dpkg/info/base.list": "/.\n/srv\n/usr\n",
  "var/lib/dpkg/diversions": "/usr/share/tool\n/usr/share/tool.real\n:\n",
  "usr/bin/tool": "changed",
  "usr/share/tool.real": "kept",
  "etc/tool.conf": "changed too",
  "srv/data": "",
};

test("readInventory() finds files of dpkg packages where merged directories have them", async (context) => {
  const root = tree(context, dpkgTree);
  symlinkSync("usr/bin", join(root, "bin"));
  assert.deepEqual(filesOf(await read(root, ["usr/bin"])), { tool: ["bin/tool"], base: [] });
  assert.deepEqual(filesOf(await read(root, ["bin", "srv"])), { tool: ["bin/tool"], base: [] });
  assert.deepEqual(filesOf(await read(root, ["etc/tool.conf"])), { tool: ["etc/tool.conf"], base: [] });
  assert.deepEqual(filesOf(await read(root)), { tool: [], base: [] });
});

test("readInventory() takes diversions and changed files of dpkg packages for patches, configuration where inherited", async (context) => {
  const root = tree(context, dpkgTree);
  symlinkSync("usr/bin", join(root, "bin"));
  const changed = (id: string, content: string) => ({
    kind: "modified-file",
    id,
    content: createHash("sha256").update(content).digest("hex").slice(0, 16),
  });
  const diversion = { kind: "diversion", id: "/usr/share/tool", content: "/usr/share/tool.real" };
  assert.deepEqual(named(await read(root), "tool"), {
    manager: "dpkg",
    name: "tool",
    version: "1:2.0-1",
    architecture: "amd64",
    files: [],
    patches: [diversion, changed("/bin/tool", "changed")],
  });
  const inherited = named(await read(root, ["etc"]), "tool");
  assert.deepEqual(inherited?.patches.slice(1), [
    changed("/etc/tool.conf", "changed too"),
    changed("/bin/tool", "changed"),
  ]);
  assert.deepEqual(named(await read(root, [], false), "tool")?.patches, []);
});

test("readInventory() reads the database of apk", async (context) => {
  const sha1 = (text: string): string => `Q1${createHash("sha1").update(text).digest("base64")}`;
  const database = [
    "C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nF:lib\nR:ld-musl.so\na:0:0:755",
    `Z:${sha1("same")}\nR:libc.so\na:0:0:777\nZ:${sha1("target")}\nF:etc\nR:musl.conf\nZ:${sha1("brought")}\n`,
    `\nP:tool\nV:1_rc1-r0\nF:usr/bin\nR:tool\nZ:${sha1("brought")}\n\nP:../bad\nV:1\n`,
  ].join("\n");
  const root = tree(context, {
    "lib/apk/db/installed": database,
    "lib/ld-musl.so": "same",
    "lib/libc.so": "is a link in the package",
    "etc/musl.conf": "changed",
    "usr/bin/tool": "changed",
  });
  const inventory = await read(root, ["lib"]);
  assert.deepEqual(
    inventory.packages.map(({ name, version, files, patches }) => [name, version, files, patches.map(({ id }) => id)]),
    [
      ["musl", "1.2.4-r2", ["lib/ld-musl.so", "lib/libc.so"], []],
      ["tool", "1_rc1-r0", [], ["/usr/bin/tool"]],
    ],
  );
  assert.deepEqual(
    named(await read(root, ["etc"]), "musl")?.patches.map(({ id }) => id),
    ["/etc/musl.conf"],
  );
});

test("readInventory() reads packages, scopes, patches and contents of Solaris", async (context) => {
  const root = tree(context, {
    "var/sadm/pkg/SUNWcsr/pkginfo":
      'PKG=SUNWcsr\nARCH=i386\nVERSION="11.11,REV=2005.12.13"\nSUNW_PKG_ALLZONES=true\nPATCHLIST=118344-03 118844-01 118344-03\n',
    "var/sadm/pkg/SUNWhere/pkginfo": "VERSION=1\nSUNW_PKG_ALLZONES=true\nSUNW_PKG_THISZONE=true\n",
    "var/sadm/pkg/SUNWgnome/pkginfo": "VERSION=2\nSUNW_PKG_ALLZONES=false\n",
    "var/sadm/pkg/broken/pkginfo": "NAME=no version\n",
    "var/sadm/install/contents": [
      "# comment",
      "/bin=./usr/bin s none SUNWcsr",
      "/dev/null c none 13 2 0666 root sys SUNWcsr",
      "/usr d none 0755 root sys SUNWcsr SUNWgnome",
      "/usr/bin/ls f none 0555 root bin 100 200 1134500000 SUNWcsr",
      "/usr/lib/gnome=../share/gnome s none SUNWgnome",
      "/usr/share/both e build 0644 root bin 1 2 3 *SUNWgnome SUNWcsr:preserve",
      "/var/run/pipe p none 0600 root root SUNWhere",
    ].join("\n"),
  });
  const inventory = await read(root, ["usr"]);
  assert.deepEqual(named(inventory, "SUNWcsr"), {
    manager: "svr4",
    name: "SUNWcsr",
    version: "11.11,REV=2005.12.13",
    architecture: "i386",
    declaredScope: "all-machines",
    patches: [
      { kind: "patch", id: "118344-03" },
      { kind: "patch", id: "118844-01" },
    ],
    files: ["usr/bin/ls", "usr/share/both"],
  });
  assert.equal(named(inventory, "SUNWhere")?.declaredScope, "this-host");
  assert.equal(named(inventory, "SUNWgnome")?.declaredScope, undefined);
  assert.deepEqual(filesOf(inventory)["SUNWgnome"], ["usr/lib/gnome", "usr/share/both"]);
  assert.equal(inventory.packages.length, 3);
});

test("readInventory() lists live patches that are in force, else those on disk", async (context) => {
  const disk = {
    "var/lib/kpatch/6.1.0-1/fix_a.ko.xz": "",
    "var/lib/kpatch/6.1.0-2/fix_a.ko": "",
    "var/lib/kpatch/6.1.0-1/x": "",
  };
  assert.deepEqual((await read(tree(context, disk))).livePatches, [{ kind: "live-patch", id: "fix_a" }]);
  const loaded = { ...disk, "sys/kernel/livepatch/fix_b/enabled": "1\n", "sys/kernel/livepatch/fix_c/enabled": "0\n" };
  assert.deepEqual((await read(tree(context, loaded))).livePatches, [{ kind: "live-patch", id: "fix_b" }]);
});

test("readInventory() reads this host and finds what a machine would inherit of it", async (context) => {
  using sources = openSystemSources("/", () => undefined);
  const inventory = await readInventory(sources, {
    inheritedDirectories: ["usr/bin" as TreePath],
    needsPatches: ({ name }) => name === "coreutils",
  });
  const coreutils = named(inventory, "coreutils");
  if (coreutils === undefined) return context.skip("coreutils is no package here");
  assert.ok(coreutils.files.length > 50);
});
