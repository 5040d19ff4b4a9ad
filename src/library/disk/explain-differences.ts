import { parentPath } from "../../core/tree/walk-order.ts";
import { displayBytes, type TreePath } from "../../core/tree/byte-string.ts";
import type { Difference } from "../../system/compare/difference.ts";

/** What is known to have changed in a tree since it was restored. Paths from the tree's root. */
export interface KnownChanges {
  /** Paths that operations of a preparation changed, and which did; all below them too. */
  readonly touched: ReadonlyMap<string, string>;
  /** Operations that ran programs of the tree. */
  readonly ran: readonly string[];
  /** Where file systems are mounted, `""` the root. */
  readonly mountPoints: readonly string[];
  /** The mount point of the EFI system partition. */
  readonly efiMountPoint: string | undefined;
  /** What the new file systems could not be given, as `displayBytes` writes it. */
  readonly lost: ReadonlySet<string>;
}

/** A difference, and what made it. */
export interface ExplainedDifference extends Difference {
  /** An operation of the preparation, `boot loader`, `mount point`, or `file system`; undefined where nothing accounts for it. */
  readonly by?: string;
}

/** What the programs leave that an operation runs. What a user's own program does is the user's. */
const written: Readonly<Record<string, RegExp>> = {
  initramfs: /^(?:boot(?:\/.*)?|var\/lib\/(?:initramfs-tools|dracut|kdump)(?:\/.*)?|var\/log(?:\/.*)?|(?:var\/)?tmp)$/s,
  "ssh-host-keys": /^etc\/ssh(?:\/ssh_host_[^/]*)?$/,
  "prepare.d": /^/,
};

/**
 * Says of each difference between a tree and its image what made it. A directory whose times alone differ goes with what was changed in it.
 */
export function explainDifferences(
  differences: readonly Difference[],
  known: KnownChanges,
): readonly ExplainedDifference[] {
  const explained = differences.map((difference) => explain(difference, known));
  const parents = new Map(explained.flatMap(({ path, by }) => (by === undefined ? [] : [[parentPath(path), by]])));
  // Deepest first: what a directory is explained by explains the times of the one above, where it was made.
  return explained.map((each) => {
    if (each.by !== undefined || each.change !== "changed" || each.aspects.some((aspect) => aspect !== "mtime"))
      return each;
    const by = parents.get(each.path);
    return by === undefined ? each : { ...each, by };
  });
}

function explain(difference: Difference, known: KnownChanges): ExplainedDifference {
  const by = causeOf(difference, known);
  return by === undefined ? difference : { ...difference, by };
}

function causeOf({ path, change }: Difference, known: KnownChanges): string | undefined {
  const { touched, ran, mountPoints, efiMountPoint, lost } = known;
  for (let above: string = path; above !== ""; above = parentPath(above as TreePath)) {
    const by = touched.get(above);
    if (by !== undefined) return by;
  }
  if (change === "added") {
    const leadsTo = (wanted: string): boolean => wanted === path || wanted.startsWith(`${path}/`);
    const changed = [...touched].find(([wanted]) => leadsTo(wanted));
    if (changed) return changed[1];
    if (mountPoints.some(leadsTo)) return "mount point";
    if (mountPoints.some((place) => isAtOrIn(path, place === "" ? "lost+found" : `${place}/lost+found`)))
      return "file system";
  }
  if (path === "boot/grub/grub.cfg" || path === "boot/grub" || (path === "boot" && change === "added"))
    return "boot loader";
  if (efiMountPoint !== undefined && isAtOrIn(path, `${efiMountPoint}/EFI`)) return "boot loader";
  const program = ran.find((operation) => written[operation]?.test(path));
  if (program !== undefined) return program;
  return lost.has(displayBytes(path)) ? "file system" : undefined;
}

function isAtOrIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
