import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { machine, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { InterruptedError } from "../../core/errors.ts";
import { readSystemFacts } from "../../system/facts/index.ts";
import { openSystemSources } from "./index.ts";

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "rehome-facts-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function write(root: string, path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

test("readSystemFacts() tells what a tree tells about itself", async (context) => {
  const folder = temporaryFolder(context);
  const root = join(folder, "root");
  write(root, "usr/lib/os-release", 'ID=debian\nPRETTY_NAME="Debian"\n');
  write(root, "etc/hostname", "web-1\n");
  write(root, "etc/fstab", "UUID=1 / ext4 rw 0 1\n");
  write(root, "usr/lib/modules/6.1.0-1-amd64/modules.dep", "");
  write(root, "usr/lib/modules/6.1.0-2-amd64/kernel/a.ko", "");
  write(root, "usr/lib/modules/left-over/modules.builtin", "");
  write(root, "boot/grub/grub.cfg", "");
  write(root, "boot/grub/i386-pc/core.img", "");
  write(folder, "web.nspawn", "[Exec]\nBoot=yes\n");
  mkdirSync(join(root, "usr/bin"));
  copyFileSync(process.execPath, join(root, "usr/bin/dash"));
  symlinkSync("/usr/bin/dash", join(root, "usr/bin/sh"));
  symlinkSync("/usr/lib/os-release", join(root, "etc/os-release"));
  for (const name of ["lib", "bin"]) symlinkSync(`usr/${name}`, join(root, name));

  using sources = openSystemSources(root, ({ message }) => assert.fail(message));
  const nspawnFile = join(folder, "web.nspawn");
  assert.deepEqual(await readSystemFacts(sources, { packageFiles: "changed", nspawnFile }), {
    osRelease: { ID: "debian", PRETTY_NAME: "Debian" },
    hostname: "web-1",
    architecture: machine(),
    kernels: ["6.1.0-1-amd64", "6.1.0-2-amd64"],
    packages: [],
    fileSystems: [{ source: "UUID=1", mountPoint: "/", type: "ext4", options: "rw" }],
    bootLoader: { kind: "grub", firmware: ["bios"] },
    configuration: { path: nspawnFile, text: "[Exec]\nBoot=yes\n" },
  });
});

test("readSystemFacts() tells nothing of an empty tree, nor of one whose files lead elsewhere", async (context) => {
  const folder = temporaryFolder(context);
  const nothing = { kernels: [], packages: [], fileSystems: [] };
  for (const name of ["empty", "hostile"]) {
    const root = join(folder, name);
    mkdirSync(join(root, "etc"), { recursive: true });
    if (name === "hostile") {
      for (const file of ["os-release", "hostname", "fstab"])
        symlinkSync(`../../../../../../etc/${file}`, join(root, "etc", file));
      for (const path of ["usr", "bin", "lib", "boot", "var"]) symlinkSync(`../../../../../${path}`, join(root, path));
    }
    using sources = openSystemSources(root, ({ message }) => assert.fail(message));
    assert.deepEqual(await readSystemFacts(sources, { packageFiles: "all", nspawnFile: join(root, "none") }), nothing);
  }
});

test("readSystemFacts() stops when it is interrupted", async (context) => {
  using sources = openSystemSources(temporaryFolder(context));
  const signal = AbortSignal.abort();
  await assert.rejects(readSystemFacts(sources, { packageFiles: "changed", signal }), InterruptedError);
});
