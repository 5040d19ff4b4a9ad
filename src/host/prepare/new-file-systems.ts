import { posix } from "node:path";
import type { NewFileSystem } from "../../system/prepare/references/index.ts";
import { readMounts } from "../file-systems.ts";
import { runTool } from "../processes.ts";

const timeoutMs = 30_000;

/**
 * The file systems of disks that are mounted at the directory `root` (a real, absolute path) and below it, with mount points as a system
 * that starts from `root` sees them. Undefined where nothing is mounted at `root` itself: then nobody knows what it will start from.
 *
 * @throws {ToolFailedError}
 */
export async function findNewFileSystems(root: string): Promise<readonly NewFileSystem[] | undefined> {
  const mounts = new Map(
    readMounts()
      .filter(({ mountPoint }) => mountPoint === root || mountPoint.startsWith(`${root}/`))
      .map((mount) => [mount.mountPoint, mount]),
  );
  if (!mounts.has(root)) return undefined;
  const found: NewFileSystem[] = [];
  for (const { mountPoint, source, type, root: part } of mounts.values()) {
    const isWhole = part === "/" || type === "btrfs";
    if (!source.startsWith("/dev/") || !isWhole) continue;
    const { stdout, exitCode } = await runTool("blkid", ["-p", "-o", "export", "--", source], { timeoutMs });
    const tags = new Map(stdout.split("\n").map((line) => line.split("=", 2) as [string, string]));
    const uuid = tags.get("UUID");
    if (exitCode !== 0 || uuid === undefined) continue;
    const partitionUuid = tags.get("PART_ENTRY_UUID") ?? "";
    const inside = `/${posix.relative(root, mountPoint)}`;
    found.push({ type: tags.get("TYPE") ?? type, uuid, partitionUuid, mountPoint: inside, options: "defaults" });
  }
  return found.length === 0 ? undefined : found;
}
