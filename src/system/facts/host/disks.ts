import type { DiskFact } from "../../../core/manifest/manifest.ts";
import { isRecord, numberOf, parseJson, recordsOf, textOf, type JsonRecord } from "./json.ts";

const maxDepth = 16;

/** Reads the output of `lsblk --json --bytes`. Devices without a medium (size 0) are left out; nonsense gives no disks. */
export function parseDisks(lsblkJson: string): DiskFact[] {
  const document = parseJson(lsblkJson);
  return isRecord(document) ? disksOf(document["blockdevices"], maxDepth) : [];
}

function disksOf(devices: unknown, depth: number): DiskFact[] {
  if (depth === 0) return [];
  return recordsOf(devices).flatMap((device) => diskOf(device, depth) ?? []);
}

function diskOf(device: JsonRecord, depth: number): DiskFact | undefined {
  const [name, type, sizeBytes] = [textOf(device["name"]), textOf(device["type"]), numberOf(device["size"])];
  if (name === undefined || type === undefined || sizeBytes === undefined || sizeBytes === 0) return undefined;
  const fields = {
    model: textOf(device["model"]),
    serial: textOf(device["serial"]),
    partitionTable: textOf(device["pttype"]),
    partitionType: textOf(device["parttype"]),
    partitionUuid: textOf(device["partuuid"]),
    startSector: numberOf(device["start"]),
    fileSystem: textOf(device["fstype"]),
    uuid: textOf(device["uuid"]),
    label: textOf(device["label"]),
    mountPoints: someOf(mountPointsOf(device)),
    children: someOf(disksOf(device["children"], depth - 1)),
  };
  return { name, type, sizeBytes, ...withoutUndefined(fields) };
}

function mountPointsOf(device: JsonRecord): string[] {
  const listed = device["mountpoints"];
  const points: unknown[] = Array.isArray(listed) ? listed : [device["mountpoint"]];
  return points.flatMap((point) => textOf(point) ?? []);
}

function someOf<Item>(items: readonly Item[]): readonly Item[] | undefined {
  return items.length === 0 ? undefined : items;
}

type WithoutUndefined<Fields> = { readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };

function withoutUndefined<Fields extends object>(fields: Fields): WithoutUndefined<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as WithoutUndefined<Fields>;
}
