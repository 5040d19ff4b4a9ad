import { copyFileSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findTool } from "../../src/host/processes.ts";
import { run } from "./run.ts";

/** Puts programs of this host and the libraries they need into a tree, enough of a system to run them in. */
export function addPrograms(root: string, ...programs: readonly string[]): void {
  for (const folder of ["usr/bin", "etc", "tmp", "proc", "dev", "sys", "run", "root"])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "etc/os-release"), "ID=test\n");
  for (const program of programs) {
    const path = findTool(program) ?? program;
    copyFileSync(realpathSync(path), join(root, "usr/bin", program));
    for (const [, library = ""] of run("ldd", path).matchAll(/(\/\S+) \(0x/g)) {
      mkdirSync(join(root, dirname(library)), { recursive: true });
      copyFileSync(realpathSync(library), join(root, library));
    }
  }
}
