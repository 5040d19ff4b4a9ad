import type { MountDecision } from "../../../core/manifest/manifest.ts";
import type { Mount } from "../../../core/mount-info.ts";

const pseudoTypes = new Set([
  "autofs",
  "binfmt_misc",
  "bpf",
  "cgroup",
  "cgroup2",
  "configfs",
  "debugfs",
  "devpts",
  "devtmpfs",
  "efivarfs",
  "fusectl",
  "hugetlbfs",
  "mqueue",
  "nsfs",
  "proc",
  "pstore",
  "ramfs",
  "rpc_pipefs",
  "securityfs",
  "selinuxfs",
  "sysfs",
  "tmpfs",
  "tracefs",
  "rootfs",
]);
const networkTypes = new Set([
  "9p",
  "afs",
  "ceph",
  "cifs",
  "glusterfs",
  "lustre",
  "ncpfs",
  "nfs",
  "nfs4",
  "smb3",
  "smbfs",
  "virtiofs",
  "gfs2",
  "ocfs2",
]);

/** What decides about mounts. */
export interface MountRules {
  /** Path of what is captured, `/` or absolute without a slash at the end. */
  readonly root: string;
  /** A host takes local block file systems only, each once; a directory takes whatever is mounted in it but pseudo file systems. */
  readonly kind: "host" | "other";
  readonly oneFileSystem: boolean;
  /** Mount points to take all the same, absolute. */
  readonly include: readonly string[];
  /** Devices (`major:minor`) on removable media. */
  readonly removableDevices: ReadonlySet<string>;
}

/** Decides about every mount below the root; `mountPoint` in the result is absolute. The mount at the root itself is not listed. */
export function planMounts(mounts: readonly Mount[], rules: MountRules): MountDecision[] {
  const below = rules.root === "/" ? "/" : `${rules.root}/`;
  const visible = new Map<string, Mount>();
  for (const mount of mounts)
    if (mount.mountPoint.startsWith(below) && mount.mountPoint !== rules.root) visible.set(mount.mountPoint, mount);
  const rootMount = mounts.findLast(
    (mount) =>
      mount.mountPoint === rules.root ||
      (rules.root + "/").startsWith(mount.mountPoint === "/" ? "/" : `${mount.mountPoint}/`),
  );
  const taken = new Set<string>(
    rootMount ? [`${rootMount.device} ${rules.kind === "host" ? "" : rootMount.root}`] : [],
  );
  return [...visible.values()]
    .toSorted((a, b) => a.mountPoint.length - b.mountPoint.length || (a.mountPoint < b.mountPoint ? -1 : 1))
    .map((mount) => {
      const fileSystem = `${mount.device} ${rules.kind === "host" ? "" : mount.root}`;
      const reason = rules.include.includes(mount.mountPoint)
        ? undefined
        : whyLeftOut(mount, rules, taken.has(fileSystem));
      if (reason === undefined) taken.add(fileSystem);
      return {
        mountPoint: mount.mountPoint,
        source: mount.source,
        type: mount.type,
        taken: reason === undefined,
        ...(reason !== undefined && { reason }),
      };
    })
    .toSorted((a, b) => (a.mountPoint < b.mountPoint ? -1 : 1));
}

function whyLeftOut(mount: Mount, rules: MountRules, takenBefore: boolean): string | undefined {
  if (pseudoTypes.has(mount.type) && (rules.kind === "host" || mount.type !== "tmpfs")) return "pseudo file system";
  if (rules.oneFileSystem) return "another file system, and --one-file-system was given";
  if (rules.kind !== "host") return undefined;
  if (networkTypes.has(mount.type)) return "network file system";
  if (mount.type.startsWith("fuse")) return "FUSE file system";
  if (mount.type === "overlay" || mount.type === "squashfs" || mount.type === "iso9660")
    return `${mount.type} file system`;
  if (!mount.source.startsWith("/dev/") && !["btrfs", "zfs", "bcachefs"].includes(mount.type))
    return "not on a local block device";
  if (rules.removableDevices.has(mount.device)) return "removable medium";
  return takenBefore ? "already taken at another place" : undefined;
}
