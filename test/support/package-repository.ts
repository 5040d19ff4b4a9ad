import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.ts";

/** What runs as a version is installed: 9.0 fails, and 3.0 says that it has begun and waits for a file. */
const scripts: Readonly<Record<string, string>> = {
  "9.0": "exit 1",
  "3.0": "echo >/srv/begun; while [ ! -e /srv/go ]; do sleep 0.1; done",
};

/** Makes packages `rehome-tiny` in a tree, and has only them as a source of packages there. */
export function addPackageRepository(root: string, versions: readonly string[]): void {
  const repository = join(root, "srv/repository");
  mkdirSync(repository, { recursive: true });
  for (const version of versions) {
    const tree = join(root, "srv/build");
    mkdirSync(join(tree, "DEBIAN"), { recursive: true });
    mkdirSync(join(tree, "usr/lib/rehome-tiny"), { recursive: true });
    writeFileSync(join(tree, "usr/lib/rehome-tiny/version"), `${version}\n`);
    const control = [
      "Package: rehome-tiny",
      `Version: ${version}`,
      "Architecture: all",
      "Maintainer: nobody <nobody@example.org>",
      "Description: a file that says its version",
      "",
    ];
    writeFileSync(join(tree, "DEBIAN/control"), control.join("\n"));
    const script = scripts[version];
    if (script !== undefined) writeFileSync(join(tree, "DEBIAN/postinst"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    run("dpkg-deb", "--root-owner-group", "--build", tree, join(repository, `rehome-tiny_${version}_all.deb`));
    run("rm", "-rf", tree);
  }
  const index = run("sh", "-c", 'cd "$1" && dpkg-scanpackages --multiversion srv/repository 2>/dev/null', "sh", root);
  writeFileSync(join(repository, "Packages"), index.replaceAll("srv/repository/", "./"));
  run("sh", "-c", 'rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/*', "sh", root);
  writeFileSync(join(root, "etc/apt/sources.list"), "deb [trusted=yes] file:/srv/repository ./\n");
}

/** Installs `rehome-tiny` in a tree. */
export function installTiny(root: string, version: string): void {
  run("dpkg", "--root", root, "--install", join(root, `srv/repository/rehome-tiny_${version}_all.deb`));
}
