import { LayoutInvalidError } from "../errors.ts";
import type {
  ArrayLayout,
  DiskLayout,
  GroupLayout,
  Layout,
  PartitionContent,
  PartitionLayout,
  VolumeLayout,
} from "../layout.ts";
import { parsePartitionSize } from "../partition-size.ts";
import { mappedName } from "../names.ts";
import { isPartitionType, usualTypes } from "../partition-types.ts";
import { contentKeys, guid, matching, namePattern, readContent, required } from "./read-content.ts";
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
  root.requireKeys(["version", "disks", "arrays", "groups"]);
  const version = required(root, "version");
  if (version.number() !== 1) throw version.refuse("this version is not known; known is 1");
  const disks = required(root, "disks");
  const items = disks.items();
  if (items.length === 0 || items.length > maxDisks) throw disks.refuse(`it has to hold 1 to ${maxDisks} disks`);
  const seen = new Set<string>();
  const arrays = listAt(root, "arrays").map(readArray);
  const groups = listAt(root, "groups").map(readGroup);
  return {
    version: 1,
    disks: items.map((item, index) => readDisk(item, index, seen)),
    ...(arrays.length > 0 && { arrays }),
    ...(groups.length > 0 && { groups }),
  };
}

function listAt(map: YamlCursor, key: string): YamlCursor[] {
  const list = map.at(key);
  const items = list?.items() ?? [];
  if (items.length > maxPartitions) throw (list ?? map).refuse(`it has to hold at most ${maxPartitions} entries`);
  return items;
}

const levels = ["raid0", "raid1", "raid5", "raid6", "raid10"] as const;

function readArray(array: YamlCursor): ArrayLayout {
  array.requireKeys(["name", "level", "arrayUuid", ...contentKeys]);
  const uuidAt = array.at("arrayUuid");
  const content = readContent(array, false);
  return {
    name: matching(required(array, "name"), mappedName, "name of an array"),
    level: required(array, "level").oneOf(levels),
    ...(uuidAt && { uuid: matching(uuidAt, guid, "GUID") }),
    ...(content && { content }),
  };
}

function readGroup(group: YamlCursor): GroupLayout {
  group.requireKeys(["name", "volumes"]);
  required(group, "volumes");
  return {
    name: matching(required(group, "name"), mappedName, "name of a volume group"),
    volumes: listAt(group, "volumes").map(readVolume),
  };
}

function readVolume(volume: YamlCursor): VolumeLayout {
  volume.requireKeys(["name", "size", "minimum", ...contentKeys]);
  const content = readContent(volume, false);
  return {
    name: matching(required(volume, "name"), mappedName, "name of a volume"),
    ...readSizes(volume),
    ...(content && { content }),
  };
}

function readDisk(disk: YamlCursor, index: number, seen: Set<string>): DiskLayout {
  disk.requireKeys(["name", "table", "id", "partitions"]);
  const nameAt = disk.at("name");
  const name = nameAt === undefined ? defaultDiskName(index) : matching(nameAt, namePattern, "name");
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

const partitionKeys = ["type", "size", "minimum", "logical", "active", "name", "partitionUuid", ...contentKeys];

function readPartition(partition: YamlCursor): PartitionLayout {
  partition.requireKeys(partitionKeys);
  const sizes = readSizes(partition);
  const content = readContent(partition, partition.at("type")?.source() === "esp");
  const type = readType(partition, content);
  const nameAt = partition.at("name");
  const uuidAt = partition.at("partitionUuid");
  return {
    type,
    ...sizes,
    ...(partition.at("logical")?.boolean() && { isLogical: true }),
    ...(partition.at("active")?.boolean() && { isActive: true }),
    ...(nameAt && { name: matching(nameAt, /^[ !#-~]{1,36}$/, "name of at most 36 characters of ASCII") }),
    ...(uuidAt && { partitionUuid: matching(uuidAt, guid, "GUID") }),
    ...(content && { content }),
  };
}

function readSizes(holder: YamlCursor): Pick<VolumeLayout, "size" | "minimumBytes"> {
  const sizeAt = required(holder, "size");
  const size = parsePartitionSize(sizeAt.source());
  if (size === undefined) throw sizeAt.refuse("it is no size; give fill, minimum, 30% or a size such as 20GiB");
  const minimumAt = holder.at("minimum");
  const minimum = minimumAt && parsePartitionSize(minimumAt.source());
  if (minimumAt && minimum?.kind !== "bytes") throw minimumAt.refuse("it is no size such as 2GiB");
  return { size, ...(minimum?.kind === "bytes" && { minimumBytes: minimum.sizeBytes }) };
}

function readType(partition: YamlCursor, content: PartitionContent | undefined): string {
  const typeAt = partition.at("type");
  if (typeAt === undefined) return (content && usualTypes[content.kind]) ?? "linux";
  const type = typeAt.source();
  if (!isPartitionType(type)) throw typeAt.refuse(`the partition type "${type}" is not known`);
  return type;
}
