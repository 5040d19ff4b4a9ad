import type { DiskFact } from "../../../core/manifest/manifest.ts";
import { isRecord, numberOf, parseJson, recordsOf, textOf, type JsonRecord } from "./json.ts";

const maxDepth = 16;

/**
 * Reads the output of `lsblk --json --bytes`, and that of `pvs --reportformat json` for what lsblk does not know. Devices without a
 * medium (size 0) are left out; nonsense gives no disks.
 */
export function parseDisks(lsblkJson: string, pvsJson = ""): DiskFact[] {
  const document = parseJson(lsblkJson);
  return isRecord(document) ? disksOf(document["blockdevices"], groupsOf(pvsJson), maxDepth) : [];
}

/** The group of each physical volume, by the name that lsblk has for it. */
function groupsOf(pvsJson: string): ReadonlyMap<string, string> {
  const document = parseJson(pvsJson);
  const reports = isRecord(document) ? recordsOf(document["report"]) : [];
  const volumes = reports.flatMap((report) => recordsOf(report["pv"]));
  return new Map(
    volumes.flatMap((volume): [string, string][] => {
      const [device, group] = [textOf(volume["pv_name"]), textOf(volume["vg_name"])];
      return device === undefined || group === undefined ? [] : [[device.replace(/^\/dev\/(?:mapper\/)?/, ""), group]];
    }),
  );
}

function disksOf(devices: unknown, groups: ReadonlyMap<string, string>, depth: number): DiskFact[] {
  if (depth === 0) return [];
  return recordsOf(devices).flatMap((device) => diskOf(device, groups, depth) ?? []);
}

function diskOf(device: JsonRecord, groups: ReadonlyMap<string, string>, depth: number): DiskFact | undefined {
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
    volumeGroup: groups.get(name),
    mountPoints: someOf(mountPointsOf(device)),
    children: someOf(disksOf(device["children"], groups, depth - 1)),
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
