import { statSync } from "node:fs";
import type { Sandbox, SandboxResult } from "../../system/prepare/ports.ts";
import { openNamespaces, treeInside } from "../namespaces.ts";
import { findTool, ToolFailedError } from "../processes.ts";

const ownerRange = 65_536;
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
 * The {@link Sandbox} of this machine: systemd-nspawn, inside namespaces that end with this process. The tree is mounted
 * `nodev` and `nosuid`: a device node in it opens nothing.
 */
export const nspawnSandbox: Sandbox = {
  whyNot() {
    if (process.getuid?.() !== 0) return "programs of the tree run in a sandbox, which only root can make";
    const missing = ["systemd-nspawn", "unshare", "nsenter", "mount"].find((tool) => findTool(tool) === undefined);
    return missing === undefined ? undefined : `programs of the tree run in a sandbox, and ${missing} is not installed`;
  },
  async run(root, argv, { env, timeoutMs, bind, device, hasNetwork, onLine, signal }): Promise<SandboxResult> {
    await using space = await openNamespaces();
    await space.showTree(root);
    const words = [
      "--quiet",
      `--directory=${treeInside}`,
      "--machine=rehome-sandbox",
      `--hostname=${env["HOSTNAME"] ?? "localhost"}`,
      // A .nspawn file beside the tree comes with the tree.
      "--settings=no",
      "--register=no",
      "--keep-unit",
      ...(hasNetwork === true ? ["--resolv-conf=bind-host"] : ["--private-network", "--resolv-conf=off"]),
      "--as-pid2",
      "--console=pipe",
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
        // A tree need not say which system it is to run one of its programs.
        env: { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1", SYSTEMD_NSPAWN_CHECK_OS_RELEASE: "0" },
        ...(onLine && { onLine }),
        ...(signal && { signal }),
      });
      return { exitCode, timedOut: false, output: endOf(stdout + stderr) };
    } catch (error) {
      if (!(error instanceof ToolFailedError) || error.failure !== "timed-out") throw error;
      return { exitCode: 124, timedOut: true, output: endOf(error.stderr) };
    }
  },
};

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
