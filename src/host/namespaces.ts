import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { parseMountInfo } from "../core/mount-info.ts";
import { findTool, runTool, ToolFailedError } from "./processes.ts";

const nspawnDirectory = "/run/systemd/nspawn";
const setUpTimeoutMs = 30_000;

/** Where {@link Namespaces.showTree} mounts a tree. */
export const treeInside = "/run/systemd/nspawn/tree";

/**
 * A mount and a process namespace that one `cat` holds. When the pipe to that `cat` closes, which it does when this process dies
 * in whatever way, the kernel kills all that runs in there and takes the mounts away.
 */
export interface Namespaces extends AsyncDisposable {
  /** Runs a program of this host inside. */
  readonly enter: typeof runTool;
  /** Mounts the tree and what is mounted in it at {@link treeInside}, without devices and set-id bits. */
  showTree(root: string): Promise<void>;
}

/** Makes namespaces, and ends all that is in them when it is disposed of. */
export async function openNamespaces(): Promise<Namespaces> {
  const words = [
    "--mount",
    "--propagation",
    "private",
    "--pid",
    "--mount-proc",
    "--fork",
    "--kill-child=KILL",
    "--",
    "cat",
  ];
  const program = findTool("unshare");
  if (program === undefined) throw new ToolFailedError("unshare", "not-found", "it is not installed");
  const holder = spawn(program, words, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  const ended = once(holder, "close");
  let complaint = "";
  holder.stderr.on("data", (part: Buffer) => (complaint += part.toString("utf8").slice(0, 1000)));
  holder.stdin.on("error", () => {}); // it has ended; that is seen below
  holder.stdin.write("\n");
  // What was written comes back once `cat` runs, and so once the namespaces are there.
  const ready = await Promise.race([once(holder.stdout, "data").then(() => true), ended.then(() => false)]);
  if (!ready) throw new ToolFailedError("unshare", "exit-status", "no namespaces could be made", { stderr: complaint });

  const space = `/proc/${holder.pid}`;
  const enter: typeof runTool = (command, args, options) => {
    const inside = [
      `--mount=${space}/ns/mnt`,
      `--pid=${space}/ns/pid_for_children`,
      "--",
      findTool(command) ?? command,
    ];
    return runTool("nsenter", [...inside, ...args], options);
  };
  const mount = (...args: readonly string[]): Promise<unknown> =>
    enter("mount", args, { timeoutMs: setUpTimeoutMs, mustSucceed: true });
  return {
    enter,
    async showTree(root) {
      mkdirSync(nspawnDirectory, { recursive: true });
      // What nspawn leaves behind when it is killed stays in here, and goes with it.
      await mount("-t", "tmpfs", "-o", "mode=0755,nodev,nosuid", "rehome", nspawnDirectory);
      await enter("mkdir", [treeInside], { timeoutMs: setUpTimeoutMs, mustSucceed: true });
      await mount("--rbind", "--", root, treeInside);
      const mounts = parseMountInfo(readFileSync(`${space}/mountinfo`, "utf8"));
      for (const { mountPoint, options } of mounts) {
        if (mountPoint !== treeInside && !mountPoint.startsWith(`${treeInside}/`)) continue;
        const readOnly = options.split(",").includes("ro") ? ",ro" : "";
        await mount("-o", `remount,bind,nodev,nosuid${readOnly}`, "--", mountPoint);
      }
    },
    async [Symbol.asyncDispose]() {
      holder.stdin.destroy();
      await ended;
    },
  };
}
