import { fileSystemTypes, type PartitionContent } from "../layout.ts";
import { luksName } from "../names.ts";
import type { YamlCursor } from "./yaml-cursor.ts";

/** The keys that say what something holds. */
export const contentKeys: readonly string[] = [
  "fileSystem",
  "stream",
  "array",
  "group",
  "luks",
  "luksUuid",
  "label",
  "uuid",
  "mount",
  "options",
];

/** Names of disks and streams. */
export const namePattern: RegExp = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/;

/** A GUID in either case. */
export const guid: RegExp = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const volumeId = /^[0-9a-f]{4}-[0-9a-f]{4}$/i;

/** Reads what a partition, an array or a volume holds; an ESP holds a vfat unless it says otherwise. @throws {LayoutInvalidError} */
export function readContent(holder: YamlCursor, isEsp: boolean): PartitionContent | undefined {
  const luksAt = holder.at("luks");
  const luksUuidAt = holder.at("luksUuid");
  if (luksAt === undefined) {
    if (luksUuidAt) throw luksUuidAt.refuse("it does not go without luks");
    return readPlain(holder, isEsp);
  }
  const inside = readPlain(holder, isEsp);
  return {
    kind: "luks",
    name: matching(luksAt, luksName, "name"),
    ...(luksUuidAt && { uuid: matching(luksUuidAt, guid, "GUID") }),
    ...(inside && { inside }),
  };
}

function readPlain(holder: YamlCursor, isEsp: boolean): PartitionContent | undefined {
  const fileSystemAt = holder.at("fileSystem");
  const [streamAt, arrayAt, groupAt] = ["stream", "array", "group"].map((key) => holder.at(key));
  const [otherAt, secondAt] = [streamAt, arrayAt, groupAt].filter((cursor) => cursor !== undefined);
  const kind = fileSystemAt?.oneOf([...fileSystemTypes, "swap"]) ?? (isEsp && !otherAt ? "vfat" : undefined);
  const [labelAt, uuidAt, mountAt, optionsAt] = ["label", "uuid", "mount", "options"].map((key) => holder.at(key));
  const misplaced = [
    secondAt,
    ...(kind === undefined ? [labelAt, uuidAt] : []),
    ...(kind === undefined || kind === "swap" ? [mountAt, optionsAt] : []),
    ...(kind === undefined ? [] : [otherAt]),
  ].find((cursor) => cursor !== undefined);
  if (misplaced) throw misplaced.refuse("it does not go with what else is to be there");
  if (streamAt) return { kind: "raw", stream: matching(streamAt, namePattern, "name") };
  if (arrayAt) return { kind: "array", array: arrayAt.source() };
  if (groupAt) return { kind: "group", group: groupAt.source() };
  if (kind === undefined) return undefined;
  const identity = {
    ...(labelAt && { label: matching(labelAt, kind === "vfat" ? /^[!-~]{1,11}$/ : /^[!-~]{1,12}$/, "label") }),
    ...(uuidAt && { uuid: matching(uuidAt, kind === "vfat" ? volumeId : guid, "UUID of that file system") }),
  };
  if (kind === "swap") return { kind: "swap", ...identity };
  const mountPoint = mountAt ? readMountPoint(mountAt) : isEsp ? "/boot/efi" : undefined;
  return {
    kind: "file-system",
    type: kind,
    ...identity,
    ...(mountPoint !== undefined && { mountPoint }),
    ...(optionsAt && { mountOptions: matching(optionsAt, /^[!-~]{1,500}$/, "list of mount options") }),
  };
}

function readMountPoint(cursor: YamlCursor): string {
  const path = matching(cursor, /^\/\P{Cc}{0,1000}$/u, "absolute path");
  const parts = path.split("/").filter((part) => part !== "");
  if (parts.includes("..") || parts.includes(".")) throw cursor.refuse('it holds ".." or "."');
  return `/${parts.join("/")}`;
}

/** The text there, which `pattern` describes. @throws {LayoutInvalidError} */
export function matching(cursor: YamlCursor, pattern: RegExp, what: string): string {
  const text = cursor.source();
  if (!pattern.test(text)) throw cursor.refuse(`"${text}" is no ${what}`);
  return text;
}

/** What a map has at a key. @throws {LayoutInvalidError} */
export function required(map: YamlCursor, key: string): YamlCursor {
  const value = map.at(key);
  if (value === undefined) throw map.refuse(`the key "${key}" is missing`);
  return value;
}
