import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { once } from "node:events";
import { parseMountInfo } from "../../core/mount-info.ts";
import type { Sandbox, SandboxResult } from "../../system/prepare/ports.ts";
import { findTool, runTool, ToolFailedError } from "../processes.ts";

const nspawnDirectory = "/run/systemd/nspawn";
const treeInside = `${nspawnDirectory}/tree`;
const ownerRange = 65_536;
const setUpTimeoutMs = 30_000;
const maxOutputBytes = 4 << 20;
const shownOutputBytes = 64 * 1024;

/**
 * Capabilities that programs in the sandbox do not get: all but those with which root changes files, owners and users. Without
 * MKNOD and DAC_READ_SEARCH no device and no file handle leads out; without SYS_ADMIN nothing is mounted.
 */
const droppedCapabilities = [
  "AUDIT_CONTROL",
  "AUDIT_READ",
  "AUDIT_WRITE",
  "BLOCK_SUSPEND",
  "BPF",
  "CHECKPOINT_RESTORE",
  "DAC_READ_SEARCH",
  "IPC_LOCK",
  "IPC_OWNER",
  "LEASE",
  "LINUX_IMMUTABLE",
  "MAC_ADMIN",
  "MAC_OVERRIDE",
  "MKNOD",
  "NET_ADMIN",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_RAW",
  "PERFMON",
  "SYSLOG",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_MODULE",
  "SYS_NICE",
  "SYS_PACCT",
  "SYS_PTRACE",
  "SYS_RAWIO",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "WAKE_ALARM",
].map((name) => `CAP_${name}`);

/**
 * The {@link Sandbox} of this machine: systemd-nspawn, inside a mount and a process namespace that one `cat` holds. When the pipe to
 * that `cat` closes, which it does when this process dies in whatever way, the kernel kills all that runs in there and
 * takes the mounts away. The tree is mounted `nodev` and `nosuid`: a device node in it opens nothing.
 */
export const nspawnSandbox: Sandbox = {
  whyNot() {
    if (process.getuid?.() !== 0) return "programs of the tree run in a sandbox, which only root can make";
    const missing = ["systemd-nspawn", "unshare", "nsenter", "mount"].find((tool) => findTool(tool) === undefined);
    return missing === undefined ? undefined : `programs of the tree run in a sandbox, and ${missing} is not installed`;
  },
  async run(root, argv, { env, timeoutMs, bind, device, signal }): Promise<SandboxResult> {
    await using space = await openNamespaces();
    await space.showTree(root);
    const words = [
      "--quiet",
      `--directory=${treeInside}`,
      "--machine=rehome-prepare",
      `--hostname=${env["HOSTNAME"] ?? "localhost"}`,
      // A .nspawn file beside the tree comes with the tree.
      "--settings=no",
      "--register=no",
      "--keep-unit",
      "--private-network",
      "--as-pid2",
      "--console=pipe",
      "--resolv-conf=off",
      "--timezone=off",
      "--link-journal=no",
      "--no-new-privileges=yes",
      `--drop-capability=${droppedCapabilities.join(",")}`,
      ...userNamespace(root),
      ...bind.map(({ from, to }) => `--bind-ro=${escapeColons(from)}:${escapeColons(to)}`),
      ...(device === undefined ? [] : [`--bind=${escapeColons(device)}`]),
      ...Object.entries({ LC_ALL: "C.UTF-8", HOME: "/root", ...env }).map(
        ([name, value]) => `--setenv=${name}=${value}`,
      ),
      "--",
      ...argv,
    ];
    try {
      const { exitCode, stdout, stderr } = await space.enter("systemd-nspawn", words, {
        timeoutMs,
        maxOutputBytes,
        env: { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
        ...(signal && { signal }),
      });
      return { exitCode, timedOut: false, output: endOf(stdout + stderr) };
    } catch (error) {
      if (!(error instanceof ToolFailedError) || error.failure !== "timed-out") throw error;
      return { exitCode: 124, timedOut: true, output: endOf(error.stderr) };
    }
  },
};

interface Namespaces extends AsyncDisposable {
  /** Runs a program of this host inside. */
  readonly enter: typeof runTool;
  /** Mounts the tree and what is mounted in it at {@link treeInside}, without devices and set-id bits. */
  showTree(root: string): Promise<void>;
}

/** Makes the namespaces, and ends all that is in them when it is disposed of. */
async function openNamespaces(): Promise<Namespaces> {
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

/** The users of a tree whose root belongs to the start of a range of 65536 are those of that range. */
function userNamespace(root: string): string[] {
  const { uid } = statSync(root);
  const isShifted = uid > 0 && uid % ownerRange === 0;
  return isShifted ? [`--private-users=${uid}:${ownerRange}`, "--private-users-ownership=off"] : [];
}

/** nspawn tells the parts of a bind apart by colons. */
function escapeColons(path: string): string {
  return path.replaceAll(/[\\:]/g, String.raw`\$&`);
}

function endOf(output: string): string {
  return output.slice(-shownOutputBytes);
}
