import { accessSync, closeSync, constants, openSync, readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { RehomeError } from "../core/errors.ts";
import type { TreePath } from "../core/tree/byte-string.ts";
import { openRootedFiles } from "./facts/index.ts";
import { findTool, runTool } from "./processes.ts";

/** What this host can do for rehome. */
export interface DoctorReport {
  readonly rows: readonly DoctorRow[];
  readonly durationMs: number;
}

/** One capability of this host. */
export interface DoctorRow {
  readonly capability: string;
  readonly neededFor: string;
  /** "partly": it is there, and `detail` says what it lacks. */
  readonly status: "yes" | "no" | "partly";
  readonly version?: string;
  /** One sentence for people: what was found, or what is missing. */
  readonly detail: string;
  /** The Debian package that brings it. */
  readonly install?: string;
}

/**
 * Looks at what this host can do. Changes nothing, needs no privilege, and takes less than a second on an idle host: tools are only asked
 * for their version, all at once; one that does not answer in five seconds is listed without.
 */
export async function inspectHost(): Promise<DoctorReport> {
  const startedMs = performance.now();
  const [userNamespaces, qemu, grub, ...others] = await Promise.all([
    inspectUserNamespaces(),
    inspectQemu(),
    inspectGrub(),
    ...tools.map(inspectTool),
  ]);
  const kernel = [inspectRoot(), inspectKernel(), userNamespaces, inspectMounts(), inspectLoopDevices()];
  const rows = [...kernel, ...others, grub, qemu];
  return { rows, durationMs: performance.now() - startedMs };
}

type Verdict = Pick<DoctorRow, "status" | "detail">;

interface Tool {
  readonly capability: string;
  /** Where it is not the capability. */
  readonly command?: string;
  readonly neededFor: string;
  readonly install: string;
  /** What makes it tell its version. Default: `--version`. */
  readonly versionOption?: string;
}

const tools: readonly Tool[] = [
  {
    capability: "systemd-nspawn",
    neededFor: "running machines, and programs of captured trees in a sandbox",
    install: "systemd-container",
  },
  { capability: "mmdebstrap", neededFor: "building Debian systems", install: "mmdebstrap" },
  { capability: "dpkg", neededFor: "building and changing Debian systems", install: "dpkg" },
  { capability: "rpm", neededFor: "listing the packages of captured systems that use rpm", install: "rpm" },
  { capability: "tar", neededFor: "exchanging trees with other tools", install: "tar" },
  { capability: "bsdtar", neededFor: "capturing from tar archives", install: "libarchive-tools" },
  { capability: "zstd", neededFor: "exchanging compressed trees with other tools", install: "zstd" },
  { capability: "lsblk", neededFor: "listing the disks of this host", install: "util-linux" },
  { capability: "ip", neededFor: "listing the network of this host", install: "iproute2", versionOption: "-V" },
  { capability: "sfdisk", neededFor: "partitioning disks", install: "fdisk" },
  {
    capability: "ext4",
    command: "mkfs.ext4",
    neededFor: "making ext4 file systems",
    install: "e2fsprogs",
    versionOption: "-V",
  },
  {
    capability: "xfs",
    command: "mkfs.xfs",
    neededFor: "making xfs file systems",
    install: "xfsprogs",
    versionOption: "-V",
  },
  { capability: "btrfs", command: "mkfs.btrfs", neededFor: "making btrfs file systems", install: "btrfs-progs" },
  {
    capability: "vfat",
    command: "fatlabel",
    neededFor: "making partitions that UEFI starts from",
    install: "dosfstools",
  },
  { capability: "mtools", command: "mcopy", neededFor: "filling vfat partitions", install: "mtools" },
  { capability: "qemu-img", neededFor: "converting disk images", install: "qemu-utils" },
  { capability: "dnsmasq", neededFor: "starting blank computers over the network", install: "dnsmasq-base" },
];

const versionTimeoutMs = 5000;

async function inspectTool(tool: Tool): Promise<DoctorRow> {
  const { capability, neededFor, install, command = capability, versionOption = "--version" } = tool;
  const path = findTool(command);
  const fixed = { capability, neededFor, install };
  if (path === undefined) return { ...fixed, status: "no", detail: `${command} is not installed` };
  return { ...fixed, status: "yes", ...(await versionOf(path, versionOption)), detail: path };
}

/** Tools write their version to either output, in the first line that holds one. */
async function versionOf(path: string, option: string): Promise<{ readonly version?: string }> {
  try {
    const { stdout, stderr } = await runTool(path, [option], { timeoutMs: versionTimeoutMs, maxOutputBytes: 1 << 20 });
    const version = /\d+(?:\.\d+)+(?:[-~+.][0-9A-Za-z]+)*|(?<=systemd |iproute2-)\d+/.exec(`${stdout}\n${stderr}`)?.[0];
    return version === undefined ? {} : { version };
  } catch (error) {
    if (error instanceof RehomeError) return {};
    throw error;
  }
}

async function inspectQemu(): Promise<DoctorRow> {
  const isArm = process.arch === "arm64";
  const command = isArm ? "qemu-system-aarch64" : "qemu-system-x86_64";
  const row = await inspectTool({
    capability: "qemu",
    command,
    neededFor: "starting images in a virtual machine to test them",
    install: isArm ? "qemu-system-arm" : "qemu-system-x86",
  });
  if (row.status === "no") return row;
  return canOpen("/dev/kvm")
    ? { ...row, detail: `${row.detail}; /dev/kvm can be opened` }
    : { ...row, status: "partly", detail: `${row.detail}; by emulation only: /dev/kvm cannot be opened` };
}

async function inspectGrub(): Promise<DoctorRow> {
  const row = await inspectTool({
    capability: "grub-mkimage",
    neededFor: "making disks start",
    install: "grub-common",
  });
  if (row.status === "no") return row;
  const platforms = namesIn("/usr/lib/grub").filter((name) => /^[a-z0-9_]+-(?:pc|efi)$/.test(name));
  return platforms.length > 0
    ? { ...row, detail: `${row.detail}; for ${platforms.join(", ")}` }
    : { ...row, status: "partly", detail: `${row.detail}; no platform is installed`, install: "grub-pc-bin" };
}

function inspectRoot(): DoctorRow {
  const isRoot = process.geteuid?.() === 0;
  const verdict: Verdict = !isRoot
    ? { status: "no", detail: `user ${process.geteuid?.() ?? "unknown"}; only what this user may read can be captured` }
    : isInitialUserNamespace()
      ? { status: "yes", detail: "root of this host" }
      : { status: "partly", detail: "root of a user namespace: owners outside it and devices cannot be restored" };
  return { capability: "root", neededFor: "capturing and restoring owners, devices and all attributes", ...verdict };
}

function inspectKernel(): DoctorRow {
  const works = canOpenInRoot();
  return {
    capability: "openat2",
    neededFor: "reading trees that nobody vouches for",
    status: works ? "yes" : "no",
    version: release(),
    detail: works
      ? "the kernel resolves paths inside a tree"
      : "the kernel is older than 5.6, or a sandbox forbids the call",
  };
}

async function inspectUserNamespaces(): Promise<DoctorRow> {
  const fixed = {
    capability: "user namespaces",
    neededFor: "machines with owners of their own, and building without root",
  };
  const limit = Number(textAt("/proc/sys/user/max_user_namespaces") ?? "0");
  if (!(limit > 0)) return { ...fixed, status: "no", detail: "the kernel allows none (user.max_user_namespaces)" };
  if (findTool("unshare") === undefined)
    return { ...fixed, status: "partly", detail: "allowed, but not tried: unshare is missing", install: "util-linux" };
  try {
    const args = ["--user", "--map-root-user", "true"];
    await runTool("unshare", args, { timeoutMs: versionTimeoutMs, mustSucceed: true });
    return { ...fixed, status: "yes", detail: "one could be made" };
  } catch (error) {
    if (!(error instanceof RehomeError)) throw error;
    return { ...fixed, status: "no", detail: "this process may not make one" };
  }
}

function inspectMounts(): DoctorRow {
  const capabilitySysAdmin = 21n;
  const [, effective = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(textAt("/proc/self/status") ?? "") ?? [];
  const may = ((BigInt(`0x${effective}`) >> capabilitySysAdmin) & 1n) === 1n;
  const verdict: Verdict = !may
    ? { status: "no", detail: "this process lacks CAP_SYS_ADMIN" }
    : isInitialUserNamespace()
      ? { status: "yes", detail: "this process has CAP_SYS_ADMIN" }
      : { status: "partly", detail: "inside a user namespace: bind mounts and tmpfs, no disks" };
  return { capability: "mounts", neededFor: "snapshots, and file systems of disks and images", ...verdict };
}

function inspectLoopDevices(): DoctorRow {
  const path = "/dev/loop-control";
  const verdict: Verdict = canOpen(path)
    ? { status: "yes", detail: `${path} can be opened` }
    : { status: "no", detail: `${path} is missing, or this process may not open it` };
  return { capability: "loop devices", neededFor: "building disk images", ...verdict };
}

function isInitialUserNamespace(): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(textAt("/proc/self/uid_map") ?? "");
}

/** Opens for reading and writing, and closes at once; nothing is asked of the device. */
function canOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

function canOpenInRoot(): boolean {
  using files = openRootedFiles("/", () => {});
  return files.stat("" as TreePath) !== undefined;
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}
