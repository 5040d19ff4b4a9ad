import type { Layout, PartitionContent } from "../../src/system/disk/layout/layout.ts";

/** A mirror that the firmware starts from, and on another one LUKS, LVM, and LUKS again; beside them an array of each other level. */
export const mirrored = `version: 1
disks:
  - name: a
    table: gpt
    partitions:
      - {type: bios-boot, size: 1MiB}
      - {type: esp, size: 64MiB}
      - {size: 200MiB, array: boot}
      - {size: fill, array: main}
      - {size: 24MiB, array: r0}
      - {size: 24MiB, array: r5}
      - {size: 24MiB, array: r6}
      - {size: 24MiB, array: r10}
  - name: b
    table: gpt
    partitions:
      - {size: 200MiB, array: boot}
      - {size: fill, array: main}
      - {size: 24MiB, array: r0}
      - {size: 24MiB, array: r5}
      - {size: 24MiB, array: r6}
      - {size: 24MiB, array: r10}
  - name: c
    table: gpt
    partitions: [{size: 24MiB, array: r5}, {size: 24MiB, array: r6}, {size: 24MiB, array: r10}]
  - name: d
    table: gpt
    partitions: [{size: 24MiB, array: r6}, {size: 24MiB, array: r10}]
arrays:
  - {name: boot, level: raid1, fileSystem: ext4, mount: /boot}
  - {name: main, level: raid1, luks: crypt-main, group: vg-main}
  - {name: r0, level: raid0, fileSystem: ext4, mount: /srv/r0}
  - {name: r5, level: raid5, fileSystem: ext4, mount: /srv/r5}
  - {name: r6, level: raid6, fileSystem: ext4, mount: /srv/r6}
  - {name: r10, level: raid10, fileSystem: ext4, mount: /srv/r10}
groups:
  - name: vg-main
    volumes:
      - {name: root, size: fill, fileSystem: ext4, mount: /}
      - {name: swap, size: 32MiB, fileSystem: swap}
      - {name: home, size: 64MiB, luks: crypt-home, fileSystem: ext4, mount: /home}
`;

/** A whole system in a volume group over two partitions, kernels too. */
export const grouped = `version: 1
disks:
  - name: e
    table: mbr
    partitions:
      - {size: 600MiB, group: sys}
      - {size: fill, group: sys}
groups:
  - name: sys
    volumes:
      - {name: root, size: fill, fileSystem: ext4, mount: /}
      - {name: swap, size: 32MiB, fileSystem: swap}
`;

/** A whole system on two mirrors of plain partitions. */
export const raid = `version: 1
disks:
  - name: f
    table: gpt
    partitions:
      - {type: bios-boot, size: 1MiB}
      - {type: esp, size: 64MiB}
      - {size: 32MiB, fileSystem: swap}
      - {size: fill, array: root}
  - name: g
    table: gpt
    partitions:
      - {size: fill, array: root}
arrays:
  - {name: root, level: raid1, fileSystem: ext4, mount: /}
`;

/** A system of which all but the kernels is encrypted. */
export const encrypted = `version: 1
disks:
  - name: h
    table: gpt
    partitions:
      - {type: bios-boot, size: 1MiB}
      - {type: esp, size: 64MiB}
      - {size: 200MiB, fileSystem: ext4, mount: /boot}
      - {size: 64MiB, luks: crypt-swap, fileSystem: swap}
      - {size: fill, luks: crypt-root, fileSystem: ext4, mount: /}
`;

/** A system of which all but the kernels lies in a group, encrypted, on a mirror. */
export const layered = `version: 1
disks:
  - name: i
    table: gpt
    partitions:
      - {type: bios-boot, size: 1MiB}
      - {size: 200MiB, fileSystem: ext4, mount: /boot}
      - {size: fill, array: main}
  - name: j
    table: gpt
    partitions:
      - {size: fill, array: main}
arrays:
  - {name: main, level: raid1, luks: crypt-main, group: sys}
groups:
  - name: sys
    volumes:
      - {name: root, size: fill, fileSystem: ext4, mount: /}
      - {name: swap, size: 32MiB, fileSystem: swap}
`;

/** A layout, what its disks are, and how it is to start. */
export interface StackCase {
  readonly name: string;
  readonly layout: string;
  readonly diskSizesMib: Readonly<Record<string, number>>;
  readonly passphrases: Readonly<Record<string, string>>;
  readonly firmware: readonly ("bios" | "uefi")[];
  /** It is killed half-way and begun again. */
  readonly isKilled?: boolean;
  /** The disks are a node's, who joins a session. */
  readonly isJoined?: boolean;
}

/** Every kind by itself, then all of them over one another. */
export const stackCases: readonly StackCase[] = [
  {
    name: "mirrored",
    layout: mirrored,
    diskSizesMib: { a: 1900, b: 1800, c: 80, d: 60 },
    passphrases: { "crypt-main": "main passphrase", "crypt-home": "home passphrase" },
    firmware: ["bios", "uefi"],
  },
  {
    name: "encrypted",
    layout: encrypted,
    diskSizesMib: { h: 1600 },
    passphrases: { "crypt-root": "root passphrase", "crypt-swap": "swap passphrase" },
    firmware: ["uefi"],
    isKilled: true,
  },
  { name: "raid", layout: raid, diskSizesMib: { f: 1400, g: 1300 }, passphrases: {}, firmware: ["bios"] },
  { name: "grouped", layout: grouped, diskSizesMib: { e: 1600 }, passphrases: {}, firmware: ["bios"] },
  {
    name: "node1",
    layout: layered,
    diskSizesMib: { i: 1600, j: 1400 },
    passphrases: { "crypt-main": "main passphrase" },
    firmware: ["bios"],
    isKilled: true,
    isJoined: true,
  },
];

/** What lies where, without sizes and UUIDs. */
export function shapeOf({ disks, arrays = [], groups = [] }: Layout): object {
  const contents = (holders: readonly { readonly content?: PartitionContent }[]): unknown[] =>
    holders.map(({ content }) => shapeOfContent(content));
  return {
    disks: disks.map(({ table, partitions }) => ({ table, holds: contents(partitions) })),
    arrays: arrays.map((array) => [array.name, array.level, ...contents([array])]),
    groups: groups.map(({ name, volumes }) => [name, volumes.map((volume) => volume.name), contents(volumes)]),
  };
}

function shapeOfContent(content: PartitionContent | undefined): unknown {
  if (content?.kind === "luks") return [content.name, shapeOfContent(content.inside)];
  if (content?.kind === "file-system") return [content.type, content.mountPoint];
  return content?.kind === "swap" ? "swap" : content;
}
