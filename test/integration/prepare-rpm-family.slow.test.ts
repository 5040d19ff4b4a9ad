import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { planPrepareOf, prepare, type PrepareOptions } from "../../src/index.ts";
import { findTool } from "../../src/host/processes.ts";
import { nspawnSandbox } from "../../src/host/prepare/sandbox.ts";
import { pathsIn } from "../support/place.ts";
import { rpmFamily, rpmFamilyTree } from "../support/rpm-family-tree.ts";
import { asRoot } from "../support/temporary-directory.ts";

const needs = { skip: asRoot.skip || (findTool("systemd-nspawn") ? false : "needs systemd-nspawn"), timeout: 900_000 };
const home = {
  root: "11111111-1111-4111-8111-111111111111",
  boot: "22222222-2222-4222-8222-222222222222",
  swap: "33333333-3333-4333-8333-333333333333",
  esp: "AAAA-BBBB",
} as const;
const fileSystem = (type: string, uuid: string, mountPoint?: string) => ({
  type,
  uuid,
  partitionUuid: `part-${uuid}`,
  options: "defaults",
  ...(mountPoint !== undefined && { mountPoint }),
});

test(
  "a clone of a system of the RPM family: every operation, on other disks and another card",
  needs,
  async (context) => {
    const { root, kernel } = rpmFamilyTree(context);
    const text = (path: string): string => readFileSync(join(root, path), "latin1");
    const options: PrepareOptions = {
      identity: "reset",
      hostname: "node7.example.org",
      mapNic: ["eth0=ens192", `${rpmFamily.card}=00:50:56:00:00:07`],
      paths: pathsIn(join(root, "..")),
      newHome: {
        fileSystems: [
          fileSystem("xfs", home.root, "/"),
          fileSystem("xfs", home.boot, "/boot"),
          fileSystem("vfat", home.esp, "/boot/efi"),
          fileSystem("swap", home.swap),
        ],
        oldDisks: [],
        isComplete: true,
      },
    };
    const old = statSync(join(root, `boot/initramfs-${kernel}.img`));
    const { operations } = await prepare(root, options);
    assert.deepEqual(
      operations.map(({ name }) => name),
      [
        "leftovers",
        "first-boot",
        "machine-id",
        "hostname",
        "ssh-host-keys",
        "dhcp",
        "random-seed",
        "network-names",
      ].concat(["module-lists", "references", "boot-loader", "initramfs", "selinux", "prepare.d"]),
    );
    assert.deepEqual(
      operations.flatMap(({ warnings }) => warnings),
      [],
    );

    assert.match(text("etc/machine-id"), /^[0-9a-f]{32}\n$/);
    assert.notEqual(text("etc/machine-id").trim(), rpmFamily.machineId);
    assert.equal(text("etc/kernel/entry-token"), `${rpmFamily.machineId}\n`, "kernel-install finds its entries again");
    assert.equal(text("etc/hosts"), "127.0.0.1 localhost\n10.0.0.5 node7.example.org node7\n");
    assert.match(text("etc/ssh/ssh_host_ed25519_key.pub"), /root@node7/);
    for (const path of [
      "NetworkManager/secret_key",
      "NetworkManager/internal-1-eth0.lease",
      "dhclient/dhclient-eth0.leases",
      "cloud/instances",
    ])
      assert.ok(!existsSync(join(root, "var/lib", path)), path);
    assert.deepEqual([text("var/log/messages"), readdirSync(join(root, "var/log/journal"))], ["", []]);
    assert.ok(!existsSync(join(root, "var/log/messages-20250101")));

    assert.equal(
      text("etc/sysconfig/network-scripts/ifcfg-ens192"),
      "DEVICE=ens192\nHWADDR=00:50:56:00:00:07\nBOOTPROTO=dhcp\n",
    );
    assert.match(text("etc/sysconfig/network-scripts/route-ens192"), /dev ens192$/m);
    assert.match(
      text("etc/NetworkManager/system-connections/lan.nmconnection"),
      /^interface-name=ens192\n\n\[ethernet\]\nmac-address=00:50:56:00:00:07$/m,
    );
    assert.ok(!existsSync(join(root, "etc/udev/rules.d/70-persistent-net.rules")));
    assert.equal(
      text("etc/modprobe.conf"),
      "# rehome: alias eth0 tg3\n# rehome: alias scsi_hostadapter megaraid_sas\noptions nfs x=1\n",
    );

    const naming = [
      "etc/fstab",
      "etc/default/grub",
      "etc/kernel/cmdline",
      "boot/grub2/grub.cfg",
      "boot/grub2/grubenv",
    ].concat(["boot/efi/EFI/fedora/grub.cfg", `boot/loader/entries/${rpmFamily.machineId}-${kernel}.conf`]);
    for (const path of naming)
      for (const uuid of [rpmFamily.root, rpmFamily.boot, rpmFamily.swap, rpmFamily.esp])
        assert.ok(!text(path).includes(uuid), `${path} still names ${uuid}`);
    assert.match(text("etc/fstab"), /^nfs\.example\.org:\/home \/home nfs defaults 0 0$/m);
    assert.match(text("etc/crypttab"), /^# rehome: not on this disk: luks-data UUID=99999999/);
    assert.equal(text("boot/grub2/grubenv").length, 1024);
    assert.ok(!existsSync(join(root, "etc/lvm/devices/system.devices")));
    assert.deepEqual(readdirSync(join(root, "boot/efi/EFI/BOOT")).toSorted(), [
      "BOOTX64.EFI",
      "grubx64.efi",
      "mmx64.efi",
    ]);
    assert.ok(existsSync(join(root, ".autorelabel")));
    assert.equal(text("etc/prepared"), "reset node7.example.org node7.example.org\n");

    const image = statSync(join(root, `boot/initramfs-${kernel}.img`));
    assert.ok(image.mtimeMs > old.mtimeMs && image.ino !== old.ino);
    assert.deepEqual(
      readdirSync(join(root, "boot")).filter((name) => name.startsWith("init")),
      [`initramfs-${kernel}.img`],
    );
    const list = "lsinitrd $0 | grep -E '/(ahci|nvme|virtio_blk|mptspi|hv_storvsc|vmw_pvscsi)\\.ko'";
    const standard = { env: {}, timeoutMs: 120_000, bind: [], device: undefined, signal: undefined };
    const { output } = await nspawnSandbox.run(
      root,
      ["/bin/sh", "-c", list, `/boot/initramfs-${kernel}.img`],
      standard,
    );
    for (const driver of ["ahci", "nvme", "virtio_blk", "vmw_pvscsi"])
      assert.match(output, new RegExp(`/${driver}\\.ko`), driver);

    const again = await planPrepareOf(root, { ...options, identity: "keep", skip: ["initramfs", "prepare.d"] });
    const left = again.operations.filter(({ state }) => state === "change");
    assert.deepEqual(
      left.map(({ name }) => name),
      [],
      "nothing is left to do",
    );
  },
);
