import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { tellPartitions } from "../../src/host/disk/device-users.ts";
import { prepare } from "../../src/index.ts";
import { mount } from "../support/file-systems.ts";
import { loopDevice } from "../support/loop-device.ts";
import { pathsIn } from "../support/place.ts";
import { run } from "../support/run.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";

const table = "label: dos\n,32M,L\n,64M,L\n,,L\n";

/** A disk with an MBR table and three partitions: for `/boot`, `/` and `/var`, mounted as a system has them. */
async function mountedDisk(
  context: TestContext,
): Promise<{ readonly disk: string; readonly root: string; readonly place: string }> {
  const place = temporaryDirectory(context);
  const image = join(place, "disk");
  const disk = loopDevice(context, image, 160 * 2 ** 20);
  writeFileSync(join(place, "table"), table);
  run("sh", "-c", 'sfdisk --quiet "$0" <"$1"', image, join(place, "table"));
  await tellPartitions(disk);
  for (const number of [1, 2, 3]) run("mkfs.ext4", "-q", `${disk}p${number}`);
  const root = mount(context, join(place, "root"), `${disk}p2`);
  mount(context, join(root, "boot"), `${disk}p1`);
  mount(context, join(root, "var"), `${disk}p3`);
  return { disk, root, place };
}

const tag = (device: string, name: string): string => run("blkid", "-p", "-o", "value", "-s", name, device).trim();

test(
  "prepare() of a mounted disk finds its file systems, and makes the partition active on demand",
  asRoot,
  async (context) => {
    const { disk, root, place } = await mountedDisk(context);
    const lines = [
      "UUID=4e987291-e13e-4614-bdc8-05863173e2c2 / ext4 errors=remount-ro 0 1",
      "PARTUUID=deadbeef-01 /boot ext4 nodev 0 2",
      "/dev/sda3 /var ext4 noatime 0 2",
      "UUID=0b3f1f0e-7d0a-4d6c-9d3c-2f6f0b7f5a11 none swap sw 0 0",
      "nas:/home /home nfs defaults 0 0",
      "",
    ];
    for (const folder of ["etc", "boot/grub", "boot/efi/EFI/debian"])
      mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, "etc/fstab"), lines.join("\n"));
    writeFileSync(join(root, "etc/hostname"), "web\n");
    writeFileSync(join(root, "boot/grub/grub.cfg"), "linux /vmlinuz root=UUID=4e987291-e13e-4614-bdc8-05863173e2c2\n");
    writeFileSync(join(root, "boot/efi/EFI/debian/grubx64.efi"), "grub");

    const { plan, operations } = await prepare(root, { bootEntry: true, paths: pathsIn(place) });
    assert.deepEqual(
      operations.flatMap(({ warnings }) => warnings),
      [],
    );
    assert.deepEqual(readFileSync(join(root, "etc/fstab"), "utf8").split("\n"), [
      `UUID=${tag(`${disk}p2`, "UUID")} / ext4 errors=remount-ro 0 1`,
      `PARTUUID=${tag(`${disk}p1`, "PART_ENTRY_UUID")} /boot ext4 nodev 0 2`,
      `UUID=${tag(`${disk}p3`, "UUID")} /var ext4 noatime 0 2`,
      ...lines.slice(3),
    ]);
    assert.match(readFileSync(join(root, "boot/grub/grub.cfg"), "utf8"), new RegExp(tag(`${disk}p2`, "UUID")));
    assert.equal(readFileSync(join(root, "boot/efi/EFI/BOOT/BOOTX64.EFI"), "utf8"), "grub");
    assert.match(run("sfdisk", "--activate", disk), /p1$/m);
    const remarks = plan.operations.flatMap((operation) => operation.remarks);
    assert.match(remarks.join(), /names UUID=0b3f1f0e-.*nothing is mounted that takes its place/);
    const again = await prepare(root, { paths: pathsIn(place) });
    assert.deepEqual(again.operations, []);
  },
);
