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

/** The sizes of the disks, in the order in which the machine has them. */
export const diskSizesMib: Readonly<Record<string, number>> = { a: 1900, b: 1800, c: 80, d: 60, e: 1600 };

/** The passphrase of each LUKS. */
export const passphrases: ReadonlyMap<string, string> = new Map([
  ["crypt-main", "main passphrase"],
  ["crypt-home", "home passphrase"],
]);
