import type { LineChange, RewrittenTable } from "./rewrite-fstab.ts";
import type { NewFileSystem, Succession } from "./successions.ts";

/**
 * Makes any text that names devices (crypttab, kernel parameters, boot entries, `resume`) name their successors: UUIDs and
 * PARTUUIDs wherever they stand, `/dev/sda1` and the like as `UUID=…`. Comments and devices without successor stay as they are.
 *
 * `text` and what comes back hold one character for each byte.
 */
export function rewriteReferences(text: string, successions: readonly Succession[]): RewrittenTable {
  const renames = renamesOf(successions);
  const changes: LineChange[] = [];
  const lines = text.split("\n").map((before, index) => {
    if (isComment(before)) return before;
    const after = renames.reduce((line, [pattern, name]) => line.replace(pattern, () => name), before);
    if (after !== before) changes.push({ line: index + 1, before, after });
    return after;
  });
  return { text: lines.join("\n"), changes };
}

function renamesOf(successions: readonly Succession[]): (readonly [RegExp, string])[] {
  return successions.flatMap(({ uuids, partitionUuids, devices, successor }) => {
    if (successor === undefined) return [];
    return [
      ...uuids.map((uuid) => [uuidPattern([uuid]), successor.uuid] as const),
      ...partitionUuids.flatMap((uuid) => partitionRenames(uuid, successor)),
      ...devices.map((device) => [devicePattern(device), `UUID=${successor.uuid}`] as const),
    ];
  });
}

/** What has no PARTUUID is named by the UUID of its file system. */
function partitionRenames(uuid: string, { partitionUuid, uuid: own }: NewFileSystem): (readonly [RegExp, string])[] {
  if (partitionUuid !== "") return [[uuidPattern([uuid]), partitionUuid]];
  return [[new RegExp(`\\bPARTUUID=(["']?)${RegExp.escape(uuid)}(?![0-9a-f-])`, "gi"), `UUID=${own}`]];
}

/** Something in a text that still leads to an old device. */
export interface StaleReference {
  /** From 1. */
  readonly line: number;
  readonly reference: string;
}

const diskDevice = /\/dev\/(?:[shv]d[a-z]+\d*|xvd[a-z]+\d*|nvme\d+n\d+(?:p\d+)?|mmcblk\d+(?:p\d+)?)(?![\w/-])/g;

/** The names of disks and the UUIDs of old devices that a text names outside its comments. `alsoKept`: UUIDs of what is no file system. */
export function findStaleReferences(
  text: string,
  old: readonly Succession[],
  alsoKept: readonly string[] = [],
): StaleReference[] {
  const kept = new Set([...old.flatMap(({ successor }) => [successor?.uuid, successor?.partitionUuid]), ...alsoKept]);
  const uuids = old.flatMap(({ uuids: own, partitionUuids }) => [...own, ...partitionUuids]);
  const stale = uuids.filter((uuid) => !kept.has(uuid));
  const patterns = [diskDevice, ...(stale.length === 0 ? [] : [uuidPattern(stale)])];
  return text.split("\n").flatMap((line, index) => {
    if (isComment(line)) return [];
    const found = patterns.flatMap((pattern) => [...line.matchAll(pattern)].map(([reference]) => reference));
    return found.map((reference) => ({ line: index + 1, reference }));
  });
}

function isComment(line: string): boolean {
  return /^\s*#/.test(line);
}

/** Any of `uuids`, in either case, where it is not part of a longer one. */
function uuidPattern(uuids: readonly string[]): RegExp {
  return new RegExp(`(?<![0-9a-f-])(?:${uuids.map((uuid) => RegExp.escape(uuid)).join("|")})(?![0-9a-f-])`, "gi");
}

function devicePattern(device: string): RegExp {
  return new RegExp(`(?<![\\w/.-])${RegExp.escape(device)}(?![\\w/-])`, "g");
}
