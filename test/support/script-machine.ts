import { chmodSync, existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { findSupervisor, firstProcessesOf } from "../../src/host/machines/supervisor.ts";
import { addPrograms } from "./program-tree.ts";
import { put } from "./two-sites.ts";

/**
 * Makes the files of a machine whose first process is a script: it boots in no time, notes that in `/boots`, and shuts down when
 * it is told to, unless `/deaf` is there. It is ended with the test.
 */
export function makeScriptMachine(context: TestContext, root: string): void {
  addPrograms(root, "bash", "sleep");
  for (const name of ["bin", "sbin"]) if (!existsSync(join(root, name))) symlinkSync("usr/bin", join(root, name));
  const init = [
    "#!/usr/bin/bash",
    "trap '[ -e /deaf ] || exit 0' SIGRTMIN+3",
    "echo up >> /boots",
    "while :; do sleep 0.1; done",
  ];
  put(join(root, "usr/bin/init"), `${init.join("\n")}\n`);
  chmodSync(join(root, "usr/bin/init"), 0o755);
  context.after(() => {
    const found = findSupervisor(root);
    for (const pid of found === undefined ? [] : firstProcessesOf(found)) process.kill(pid, "SIGKILL");
  });
}
