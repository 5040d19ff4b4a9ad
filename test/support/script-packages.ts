import { chmodSync, existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { addPrograms } from "./program-tree.ts";
import { put } from "./two-sites.ts";

/** Puts the database of packages of a Debian into a tree that has `tiny`, for all architectures, alone. */
export function haveTiny(root: string, version: string): void {
  put(join(root, "usr/lib/os-release"), "ID=debian\nVERSION_ID=12\n");
  put(join(root, "var/lib/dpkg/status"), statusOf(version));
  put(join(root, "opt/tiny"), `${version}\n`);
}

/** Makes a tree in which apt-get and dpkg are scripts: an installation writes two files, and takes no time. */
export function addScriptPackages(root: string): void {
  addPrograms(root, "bash");
  for (const name of ["bin", "sbin"]) if (!existsSync(join(root, name))) symlinkSync("usr/bin", join(root, name));
  for (const [name, script] of Object.entries({ "apt-get": aptGet, dpkg: "" })) {
    const path = join(root, "usr/bin", name);
    put(path, `#!/usr/bin/bash\n${script}`);
    chmodSync(path, 0o755);
  }
}

function statusOf(version: string): string {
  const fields = ["Package: tiny", "Status: install ok installed", "Architecture: all", `Version: ${version}`];
  return `${fields.join("\n")}\n`;
}

const aptGet = `for word; do
  case $word in
  tiny:all=*)
    echo "\${word#*=}" >/opt/tiny
    echo "${statusOf("${word#*=}").trimEnd()}" >/var/lib/dpkg/status
    ;;
  esac
done
`;
