import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { BootPlace, PartitionPlace } from "../../system/prepare/operation.ts";
import { readMounts } from "../file-systems.ts";
import { runTool, ToolFailedError } from "../processes.ts";

const timeoutMs = 30_000;

/**
 * Where the tree that is mounted at `root` (a real, absolute path) lies on disks, and the firmware of this host. Undefined where that is
 * no partition: a directory, a volume of LVM, a whole disk.
 *
 * @throws {ToolFailedError} If blkid is missing.
 */
export async function readBootPlace(root: string): Promise<BootPlace | undefined> {
  const partition = partitionAt(`${root}/boot`) ?? partitionAt(root);
  if (partition === undefined) return undefined;
  const isUefi = existsSync("/sys/firmware/efi/efivars");
  return {
    partition,
    table: await tableOf(partition.disk),
    esp: [`${root}/boot/efi`, `${root}/efi`].map(partitionAt).find((found) => found !== undefined),
    firmware: isUefi ? "uefi" : "bios",
    loader: process.arch === "arm64" ? "BOOTAA64.EFI" : "BOOTX64.EFI",
    entries: isUefi ? await readEntries() : [],
  };
}

/** The partition mounted at a path, as sysfs has it: a directory `sda1` in the directory `sda`, with its number in it. */
function partitionAt(mountPoint: string): PartitionPlace | undefined {
  const mount = readMounts().findLast((candidate) => candidate.mountPoint === mountPoint);
  if (mount === undefined) return undefined;
  const place = `/sys/dev/block/${mount.device}`;
  try {
    const number = Number(readFileSync(`${place}/partition`, "utf8"));
    return { disk: `/dev/${basename(dirname(readlinkSync(place)))}`, number };
  } catch {
    return undefined;
  }
}

async function tableOf(disk: string): Promise<BootPlace["table"]> {
  const { stdout } = await runTool("blkid", ["-p", "-o", "value", "-s", "PTTYPE", "--", disk], { timeoutMs });
  const type = stdout.trim();
  return type === "dos" || type === "gpt" ? type : "other";
}

/** The labels in lines such as `Boot0001* debian\tHD(1,GPT,…)`. */
async function readEntries(): Promise<string[]> {
  try {
    const { stdout } = await runTool("efibootmgr", [], { timeoutMs });
    return [...stdout.matchAll(/^Boot[0-9A-F]{4}[* ] (.*?)(?:\t|$)/gm)].map(([, label = ""]) => label);
  } catch (error) {
    if (error instanceof ToolFailedError) return [];
    throw error;
  }
}
