import type { PartitionContent } from "../layout/layout.ts";
import { luksHeadBytes } from "../stack/stack-room.ts";
import type { PlannedContent } from "./disk-plan.ts";
import type { UsageByMountPoint } from "./disk-room.ts";
import { chooseInodeCount } from "./needs.ts";
import type { UuidSource } from "./uuids.ts";

/** Takes every choice about what a holder of `sizeBytes` holds; `purpose` is what its UUIDs are made for. */
export function planContent(
  content: PartitionContent | undefined,
  purpose: string,
  sizeBytes: number,
  target: { readonly usage: UsageByMountPoint; readonly uuids: UuidSource },
): PlannedContent {
  if (content === undefined) return { kind: "none" };
  const { usage, uuids } = target;
  if (content.kind === "raw" || content.kind === "array" || content.kind === "group") return content;
  if (content.kind === "luks") {
    const { name, uuid = uuids(`${purpose}/luks`), inside } = content;
    const insideBytes = sizeBytes - luksHeadBytes;
    return { kind: "luks", name, uuid: uuid.toLowerCase(), inside: planContent(inside, purpose, insideBytes, target) };
  }
  const label = content.label === undefined ? {} : { label: content.label };
  const uuid = content.uuid?.toLowerCase() ?? uuids(`${purpose}/content`);
  if (content.kind === "swap") return { kind: "swap", uuid, ...label };
  const { type, mountPoint, mountOptions } = content;
  const inodeCount = chooseInodeCount(content, mountPoint === undefined ? undefined : usage.get(mountPoint), sizeBytes);
  return {
    kind: "file-system",
    type,
    uuid: type === "vfat" ? volumeId(uuid) : uuid,
    ...label,
    ...(mountPoint !== undefined && { mountPoint }),
    mountOptions: mountOptions ?? (type === "vfat" ? "umask=0077" : "defaults"),
    ...(type.startsWith("ext") && { hashSeed: uuids(`${purpose}/hash-seed`) }),
    ...(inodeCount !== undefined && { inodeCount }),
  };
}

/** The UUID of a vfat is 32 bits: the first of one that is longer. */
function volumeId(uuid: string): string {
  const digits = uuid.replaceAll("-", "").slice(0, 8).toUpperCase();
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}
