import type { DiskFact } from "../../../core/manifest/manifest.ts";
import type { Refusal } from "../layout/errors.ts";
import {
  fileSystemTypes,
  type ArrayLayout,
  type ArrayLevel,
  type GroupLayout,
  type PartitionContent,
  type VolumeLayout,
} from "../layout/layout.ts";
import { levels } from "../stack/stack-room.ts";

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Says whether something of a device is mounted, or used as swap. */
export function isUsed({ mountPoints = [], children = [] }: DiskFact): boolean {
  return mountPoints.length > 0 || children.some(isUsed);
}

/**
 * What the devices of a host hold. Arrays and groups show themselves below each device that they lie on; they are collected, each once,
 * as the contents are asked for.
 */
export class SourceContents {
  readonly #arrays = new Map<string, ArrayLayout>();
  readonly #groups = new Map<string, Map<string, VolumeLayout>>();
  readonly #refusals: Refusal[];

  constructor(refusals: Refusal[]) {
    this.#refusals = refusals;
  }

  get arrays(): ArrayLayout[] {
    return [...this.#arrays.values()];
  }

  get groups(): GroupLayout[] {
    return [...this.#groups].map(([name, volumes]) => ({ name, volumes: [...volumes.values()] }));
  }

  /** What a device holds; undefined where that is nothing, or nothing that is used. What cannot be described is refused. */
  contentOf(fact: DiskFact): PartitionContent | undefined {
    const { name, fileSystem, uuid, label, children = [], mountPoints = [] } = fact;
    if (fileSystem === "linux_raid_member") return this.#memberOfArray(fact);
    if (fileSystem === "LVM2_member") return this.#memberOfGroup(fact);
    if (fileSystem === "crypto_LUKS") return this.#encryptedBy(fact);
    const identity = { ...(label !== undefined && { label }), ...(uuid !== undefined && { uuid }) };
    if (fileSystem === "swap") return { kind: "swap", ...identity };
    const type = fileSystemTypes.find((known) => known === fileSystem);
    const mountPoint = mountPoints
      .filter((path) => path.startsWith("/"))
      .toSorted((one, other) => one.length - other.length)[0];
    if (type !== undefined)
      return { kind: "file-system", type, ...identity, ...(mountPoint !== undefined && { mountPoint }) };
    if (isUsed(fact) || children.length > 0)
      this.#refuse(name, `holds ${fileSystem ?? "something"}, known are ${known}`);
    return undefined;
  }

  /** A member whose array is not running is nothing that is used. */
  #memberOfArray({ name, uuid, label, children = [] }: DiskFact): PartitionContent | undefined {
    const [array] = children;
    if (array === undefined) return undefined;
    const level = (Object.keys(levels) as ArrayLevel[]).find((known) => known === array.type);
    if (level === undefined) {
      this.#refuse(array.name, `is "${array.type}" over "${name}", known are ${Object.keys(levels).join(", ")}`);
      return undefined;
    }
    // `HOST:NAME`; arrays of old have no name of their own.
    const own = label?.replace(/^.*:/, "") ?? "";
    const arrayName = own === "" ? array.name : own;
    if (!this.#arrays.has(array.name)) {
      const content = this.contentOf(array);
      this.#arrays.set(array.name, {
        name: arrayName,
        level,
        ...(uuid !== undefined && guid.test(uuid) && { uuid }),
        ...(content && { content }),
      });
    }
    return { kind: "array", array: arrayName };
  }

  /** A physical volume of no group is nothing that is used. */
  #memberOfGroup({ volumeGroup, children = [] }: DiskFact): PartitionContent | undefined {
    const group =
      volumeGroup ?? children.map(({ name }) => splitVolume(name)?.group).find((found) => found !== undefined);
    const volumes = this.#groups.get(group ?? "") ?? new Map<string, VolumeLayout>();
    for (const fact of children) this.#addVolume(volumes, fact);
    if (group === undefined) return undefined;
    this.#groups.set(group, volumes);
    return { kind: "group", group };
  }

  #addVolume(volumes: Map<string, VolumeLayout>, fact: DiskFact): void {
    const { name, sizeBytes, type, children = [] } = fact;
    if (volumes.has(name)) return;
    const split = splitVolume(name);
    if (split === undefined || type !== "lvm" || children.some((child) => child.type === "lvm")) {
      this.#refuse(name, "is no plain volume (but a part of a snapshot, a thin pool, a cache or a mirror of LVM)");
      return;
    }
    const content = this.contentOf(fact);
    volumes.set(name, { name: split.volume, size: { kind: "bytes", sizeBytes }, ...(content && { content }) });
  }

  /** What is not opened is nothing that is used. */
  #encryptedBy({ uuid, children = [] }: DiskFact): PartitionContent | undefined {
    const [inside] = children;
    if (inside === undefined) return undefined;
    const content = this.contentOf(inside);
    const { name } = inside;
    return {
      kind: "luks",
      name,
      ...(uuid !== undefined && guid.test(uuid) && { uuid }),
      ...(content && { inside: content }),
    };
  }

  #refuse(name: string, what: string): void {
    this.#refusals.push({ reason: "content", message: `"${name}" ${what}` });
  }
}

const known = [...fileSystemTypes, "swap, software RAID, LVM and LUKS"].join(", ");

/** The group and the volume in a name of the device mapper, which writes `-` within them twice. */
function splitVolume(name: string): { readonly group: string; readonly volume: string } | undefined {
  const [, group, volume] = /^((?:[^-]|--)+)-((?:[^-]|--)+)$/.exec(name) ?? [];
  if (group === undefined || volume === undefined) return undefined;
  return { group: group.replaceAll("--", "-"), volume: volume.replaceAll("--", "-") };
}
