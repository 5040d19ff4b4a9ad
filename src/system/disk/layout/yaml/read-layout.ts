import { LayoutInvalidError } from "../errors.ts";
import {
  fileSystemTypes,
  type DiskLayout,
  type Layout,
  type PartitionContent,
  type PartitionLayout,
} from "../layout.ts";
import { parsePartitionSize } from "../partition-size.ts";
import { isPartitionType } from "../partition-types.ts";
import { openYaml, type YamlCursor } from "./yaml-cursor.ts";

const maxTextCharacters = 1 << 17;
const maxDisks = 64;
const maxPartitions = 256;

/**
 * Reads a layout (YAML or JSON) as `docs/format/layout.schema.json` describes it. `file` is named in complaints.
 *
 * @throws {LayoutInvalidError} With the line and the path of what is wrong.
 */
export function readLayout(text: string, file: string): Layout {
  if (text.length > maxTextCharacters)
    throw new LayoutInvalidError({ file }, `it is longer than ${maxTextCharacters} characters`);
  const root = openYaml(text, file);
  root.requireKeys(["version", "disks"]);
  const version = required(root, "version");
  if (version.number() !== 1) throw version.refuse("this version is not known; known is 1");
  const disks = required(root, "disks");
  const items = disks.items();
  if (items.length === 0 || items.length > maxDisks) throw disks.refuse(`it has to hold 1 to ${maxDisks} disks`);
  const seen = new Set<string>();
  return { version: 1, disks: items.map((item, index) => readDisk(item, index, seen)) };
}

function readDisk(disk: YamlCursor, index: number, seen: Set<string>): DiskLayout {
  disk.requireKeys(["name", "table", "id", "partitions"]);
  const nameAt = disk.at("name");
  const name =
    nameAt === undefined ? defaultDiskName(index) : matching(nameAt, /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/, "name");
  if (seen.has(name)) throw (nameAt ?? disk).refuse(`a disk with the name "${name}" came before`);
  seen.add(name);
  const table = required(disk, "table").oneOf(["gpt", "mbr"]);
  const idAt = disk.at("id");
  const id =
    idAt && matching(idAt, table === "gpt" ? guid : /^[0-9a-f]{8}$/i, table === "gpt" ? "GUID" : "id of 8 hex digits");
  const partitions = required(disk, "partitions");
  const items = partitions.items();
  if (items.length > maxPartitions) throw partitions.refuse(`it has to hold at most ${maxPartitions} partitions`);
  return { name, table, ...(id !== undefined && { id }), partitions: items.map(readPartition) };
}

/** The name of a disk that has none in the file. */
export function defaultDiskName(index: number): string {
  return index === 0 ? "disk" : `disk${index + 1}`;
}

const partitionKeys = [
  "type",
  "size",
  "minimum",
  "logical",
  "active",
  "name",
  "partitionUuid",
  "fileSystem",
  "stream",
  "label",
  "uuid",
  "mount",
  "options",
];

function readPartition(partition: YamlCursor): PartitionLayout {
  partition.requireKeys(partitionKeys);
  const sizeAt = required(partition, "size");
  const size = parsePartitionSize(sizeAt.source());
  if (size === undefined) throw sizeAt.refuse("it is no size; give fill, minimum, 30% or a size such as 20GiB");
  const content = readContent(partition);
  const type = readType(partition, content);
  const minimumAt = partition.at("minimum");
  const minimum = minimumAt && parsePartitionSize(minimumAt.source());
  if (minimumAt && minimum?.kind !== "bytes") throw minimumAt.refuse("it is no size such as 2GiB");
  const nameAt = partition.at("name");
  const uuidAt = partition.at("partitionUuid");
  return {
    type,
    size,
    ...(minimum?.kind === "bytes" && { minimumBytes: minimum.sizeBytes }),
    ...(partition.at("logical")?.boolean() && { isLogical: true }),
    ...(partition.at("active")?.boolean() && { isActive: true }),
    ...(nameAt && { name: matching(nameAt, /^[ !#-~]{1,36}$/, "name of at most 36 characters of ASCII") }),
    ...(uuidAt && { partitionUuid: matching(uuidAt, guid, "GUID") }),
    ...(content && { content }),
  };
}

function readType(partition: YamlCursor, content: PartitionContent | undefined): string {
  const typeAt = partition.at("type");
  if (typeAt === undefined) return content?.kind === "swap" ? "swap" : "linux";
  const type = typeAt.source();
  if (!isPartitionType(type)) throw typeAt.refuse(`the partition type "${type}" is not known`);
  return type;
}

function readContent(partition: YamlCursor): PartitionContent | undefined {
  const isEsp = partition.at("type") !== undefined && required(partition, "type").source() === "esp";
  const fileSystemAt = partition.at("fileSystem");
  const streamAt = partition.at("stream");
  const kind = fileSystemAt?.oneOf([...fileSystemTypes, "swap"]) ?? (isEsp && !streamAt ? "vfat" : undefined);
  const [labelAt, uuidAt, mountAt, optionsAt] = ["label", "uuid", "mount", "options"].map((key) => partition.at(key));
  const misplaced = [
    ...(kind === undefined ? [labelAt, uuidAt] : []),
    ...(kind === undefined || kind === "swap" ? [mountAt, optionsAt] : []),
    ...(kind === undefined ? [] : [streamAt]),
  ].find((cursor) => cursor !== undefined);
  if (misplaced) throw misplaced.refuse("it does not go with what the partition holds");
  if (streamAt) return { kind: "raw", stream: matching(streamAt, /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/, "name") };
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

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const volumeId = /^[0-9a-f]{4}-[0-9a-f]{4}$/i;

function matching(cursor: YamlCursor, pattern: RegExp, what: string): string {
  const text = cursor.source();
  if (!pattern.test(text)) throw cursor.refuse(`"${text}" is no ${what}`);
  return text;
}

function required(map: YamlCursor, key: string): YamlCursor {
  const value = map.at(key);
  if (value === undefined) throw map.refuse(`the key "${key}" is missing`);
  return value;
}
