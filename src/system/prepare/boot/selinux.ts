import type { ByteString } from "../../../core/tree/byte-string.ts";
import type { Operation } from "../operation.ts";
import { nothing } from "../operation.ts";
import { at, maxConfigBytes, kindOf } from "../text/tree-paths.ts";

const flagPath = at(".autorelabel");

/** Files that were written outside the system have no SELinux label; the flag makes the system set all labels when it starts. */
export const selinux: Operation<"selinux"> = {
  name: "selinux",
  summary: "the flag that makes SELinux label all files at the next start",
  policies: ["keep", "reset"],
  examine(tree) {
    const config = tree.read(at("etc/selinux/config"), maxConfigBytes) ?? "";
    const mode = /^[ \t]*SELINUX=[ \t]*(\w+)/im.exec(config)?.[1]?.toLowerCase();
    if ((mode !== "enforcing" && mode !== "permissive") || kindOf(tree, flagPath) === "file") return nothing;
    const what = `SELinux is ${mode}: all files are labelled at the next start`;
    return { changes: [{ kind: "write", path: flagPath, content: "" as ByteString, what }] };
  },
};
