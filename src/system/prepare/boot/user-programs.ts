import type { Change, Operation } from "../operation.ts";
import { kindOf, pathsIn } from "../text/tree-paths.ts";

const folder = "etc/rehome/prepare.d";
const programName = /^[A-Za-z0-9_.-]+$/;
const inside = "/run/rehome/prepare.d";

/** What the user wants done last: the executables of `/etc/rehome/prepare.d`, of this host and then of the tree, by name. */
export const userPrograms: Operation<"prepare.d"> = {
  name: "prepare.d",
  summary: "executables of /etc/rehome/prepare.d",
  policies: ["keep", "reset"],
  examine(tree, { programs, programTimeoutMs, identity, hostname }) {
    const env = { REHOME_IDENTITY: identity, ...(hostname !== undefined && { REHOME_HOSTNAME: hostname }) };
    const unsafe = programs.find((program) => program.unsafe !== undefined);
    if (unsafe !== undefined) return { changes: [], blocked: `${unsafe.hostPath} must not be run: ${unsafe.unsafe}` };
    const ofTree = pathsIn(tree, folder, programName)
      .filter((path) => ((tree.stat(path)?.mode ?? 0) & 0o111) !== 0 && kindOf(tree, path) === "file")
      .map((path) => ({ name: path.slice(folder.length + 1), hostPath: undefined }));
    const changes = [...programs, ...ofTree].map(({ name, hostPath }): Change => {
      const what = hostPath === undefined ? "of the tree" : "of this host";
      if (hostPath === undefined)
        return { kind: "run", argv: [`/${folder}/${name}`], what, timeoutMs: programTimeoutMs, env };
      const bind = [{ from: hostPath, to: `${inside}/${name}` }];
      return { kind: "run", argv: [`${inside}/${name}`], what, timeoutMs: programTimeoutMs, env, bind };
    });
    return { changes };
  },
};
