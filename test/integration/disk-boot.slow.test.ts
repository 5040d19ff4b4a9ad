import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import { diskPorts } from "../../src/host/disk/disk-ports.ts";
import { guestPorts } from "../../src/host/disk/guests.ts";
import { BootTestError, testBoot, type BootTestResult } from "../../src/system/disk/boot-test/test-boot.ts";
import { buildDisk } from "../../src/system/disk/build/build-steps.ts";
import type { BuildSource } from "../../src/system/disk/build/request.ts";
import { convertDisk } from "../../src/system/disk/convert/convert-disk.ts";
import { readLayout } from "../../src/system/disk/layout/yaml/read-layout.ts";
import { smallestDiskBytes } from "../../src/system/disk/plan/disk-room.ts";
import { defaultLayout } from "../../src/system/disk/source/default-layout.ts";
import { prepare } from "../../src/library/prepare/prepare.ts";
import type { IdentityPolicy } from "../../src/system/prepare/operation.ts";
import { copying, requestIn, sourceOf } from "../support/built-disk.ts";
import { debianTarball, debianTree } from "../support/debian-tree.ts";
import { run } from "../support/run.ts";
import { readShownIdentity, showIdentityIn, type ShownIdentity } from "../support/shown-identity.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";

// Other tests make namespaces while these have disks mounted, and would keep them.
ensurePrivateMounts();

const firmware = ["bios", "uefi"] as const;
const buses = ["virtio", "sata", "nvme"] as const;
const timeoutMs = 10 * 60_000;

/** An emulated start takes a minute or more: `make test` starts two, `make test-vm` all of them. */
const startsAll = process.env["REHOME_ALL_STARTS"] === "1";
const withAll = startsAll ? asRoot : { skip: "starts many emulated computers; run `make test-vm`" };

/** What the tarball's tree takes, rounded up. */
const usage = new Map([["/", { bytes: 760e6, entries: 20_000 }]]);

const singleDisk = defaultLayout({ facts: { kernels: [], packages: [], fileSystems: [] } }, firmware);
const computer = { memoryBytes: 2 ** 30, processorCount: 2, accelerator: "tcg", isSecureBoot: false } as const;

/** Many starts take longer than a test may by default; each of them has a time-out of its own. */
const manyStarts = { timeout: 60 * 60_000 };

/** The Debian of the tarball with this hostname, and with what Debian has signed for Secure Boot. */
function debianSource(hostname: string, hasSigned = false): BuildSource {
  const tarball = debianTarball();
  return sourceOf((tree) => {
    run("tar", "-xpf", tarball, "-C", tree, "--xattrs", "--xattrs-include=*", "--numeric-owner");
    writeFileSync(join(tree, "etc/hostname"), `${hostname}\n`);
    for (const folder of hasSigned ? ["usr/lib/shim", "usr/lib/grub/x86_64-efi-signed"] : []) {
      mkdirSync(join(tree, folder), { recursive: true });
      run("cp", "-a", `/${folder}/.`, join(tree, folder));
    }
    return Promise.resolve();
  });
}

function assertLogin(context: TestContext, hostname: string, result: BootTestResult): void {
  context.diagnostic(`${hostname}: login after ${Math.round(result.durationMs / 1000)} s`);
  assert.match(result.console, new RegExp(`\\n${hostname} login: `));
}

for (const size of ["smallest", "large"] as const)
  test(
    `a Debian on a ${size} disk starts with every firmware, from every bus`,
    { ...(size === "large" ? withAll : asRoot), ...manyStarts },
    async (context) => {
      const [disk] = singleDisk.disks;
      assert.ok(disk);
      const sizeMib = size === "large" ? 16 * 1024 : (smallestDiskBytes(disk, usage) ?? 0) / 2 ** 20;
      const request = requestIn(context, temporaryDirectory(context), singleDisk, { sizeMib, firmware, usage });
      await buildDisk(request, debianSource(size), diskPorts);
      const path = request.paths.get("disk") ?? "";
      for (const kind of firmware)
        for (const bus of buses) {
          if (!startsAll && (kind === "bios") !== (bus === "virtio")) continue;
          if (!startsAll && bus === "sata") continue;
          // The whole matrix on one disk; the other is started three times.
          if (size === "large" && (kind === "bios") !== (bus === "virtio")) continue;
          const shown = { ...computer, disk: path, format: "raw", bus, firmware: kind } as const;
          assertLogin(context, size, await testBoot(shown, { timeoutMs }, guestPorts));
        }
    },
  );

test(
  "a Debian on an MBR with a separate /boot and an xfs root starts from a qcow2",
  { ...withAll, ...manyStarts },
  async (context) => {
    const directory = temporaryDirectory(context);
    const layout = readLayout(
      `version: 1
disks:
  - table: mbr
    partitions:
      - {size: 300MiB, fileSystem: ext2, mount: /boot}
      - {type: extended, size: fill}
      - {type: swap, size: 64MiB, logical: true, fileSystem: swap}
      - {size: fill, logical: true, fileSystem: xfs, mount: /}
`,
      "layout.yaml",
    );
    const request = requestIn(context, directory, layout, { sizeMib: 2048, firmware: ["bios"], usage });
    await buildDisk(request, debianSource("mbr"), diskPorts);
    const from = request.paths.get("disk") ?? "";
    const to = join(directory, "disk.qcow2");
    const machine = { name: "test", processorCount: 1, memoryBytes: 2 ** 30, firmware: "bios" } as const;
    await convertDisk({ from, fromFormat: "raw", to, toFormat: "qcow2", machine }, diskPorts);
    assertLogin(
      context,
      "mbr",
      await testBoot(
        { ...computer, disk: to, format: "qcow2", bus: "virtio", firmware: "bios" },
        { timeoutMs },
        guestPorts,
      ),
    );
  },
);

test(
  "a Debian with signed loaders starts under Secure Boot, one without is refused",
  { ...withAll, ...manyStarts },
  async (context) => {
    const directory = temporaryDirectory(context);
    const secure = { ...computer, format: "raw", bus: "virtio", firmware: "uefi", isSecureBoot: true } as const;
    for (const hasSigned of [true, false]) {
      const place = join(directory, hasSigned ? "signed" : "unsigned");
      const request = requestIn(context, place, singleDisk, { sizeMib: 2048, firmware: ["uefi"], usage });
      await buildDisk(request, debianSource("signed", hasSigned), diskPorts);
      const started = testBoot({ ...secure, disk: request.paths.get("disk") ?? "" }, { timeoutMs }, guestPorts);
      if (hasSigned) assertLogin(context, "signed", await started);
      else await assert.rejects(started, BootTestError);
    }
  },
);

/** A system with an identity and state that a clone must not have; it shows from inside who it is. */
function systemWithIdentity(context: TestContext): string {
  const tree = debianTree(context);
  writeFileSync(join(tree, "etc/hostname"), "golden\n");
  writeFileSync(join(tree, "etc/machine-id"), "0123456789abcdef0123456789abcdef\n");
  run("chroot", tree, "ssh-keygen", "-A");
  mkdirSync(join(tree, "var/lib/dhcp"), { recursive: true });
  writeFileSync(join(tree, "var/lib/dhcp/dhclient6.leases"), 'default-duid "\\000\\001golden";\n');
  writeFileSync(join(tree, "var/lib/systemd/random-seed"), Buffer.alloc(512, "golden"), { mode: 0o600 });
  showIdentityIn(tree);
  return tree;
}

test(
  "clones see from inside that they are somebody else, a moved system that it is the same",
  { ...withAll, ...manyStarts },
  async (context) => {
    const golden = systemWithIdentity(context);
    const seeds: string[] = [];
    const start = async (name: string, identity: IdentityPolicy): Promise<ShownIdentity> => {
      const place = temporaryDirectory(context);
      const request = requestIn(context, place, singleDisk, { sizeMib: 2048, firmware: ["bios", "uefi"], usage });
      const source: BuildSource = {
        ...copying(golden),
        async prepare(tree, created) {
          const newHome = { ...created, oldDisks: [], isComplete: true };
          // Debian's initramfs knows every disk already.
          await prepare(tree, {
            identity,
            newHome,
            skip: ["initramfs"],
            ...(identity === "reset" && { hostname: name }),
          });
          seeds.push(readFileSync(join(tree, "var/lib/systemd/random-seed"), "hex"));
        },
      };
      await buildDisk(request, source, diskPorts);
      const disk = request.paths.get("disk") ?? "";
      const shown = { ...computer, disk, format: "raw", bus: "virtio", firmware: "bios" } as const;
      const result = await testBoot(shown, { timeoutMs }, guestPorts);
      assertLogin(context, name, result);
      return readShownIdentity(result.console);
    };
    const [one, two, moved] = [await start("one", "reset"), await start("two", "reset"), await start("golden", "keep")];
    const leases = "/var/lib/dhcp/dhclient6.leases";
    assert.deepEqual(
      [one, two, moved].map(({ hostname }) => hostname),
      ["one", "two", "golden"],
    );
    assert.equal(moved.machineId, "0123456789abcdef0123456789abcdef");
    assert.equal(new Set([one, two, moved].map(({ machineId }) => machineId)).size, 3);
    for (const { machineId, hostKeys } of [one, two]) {
      assert.match(machineId, /^[0-9a-f]{32}$/);
      assert.equal(hostKeys.length, moved.hostKeys.length);
    }
    assert.ok(moved.hostKeys.length >= 3);
    const goldenKeys = run(
      "sh",
      "-c",
      `for key in "${golden}"/etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf "$key" | cut -d ' ' -f 2; done`,
    );
    assert.deepEqual(moved.hostKeys, goldenKeys.trim().split("\n").toSorted());
    assert.equal(new Set([...one.hostKeys, ...two.hostKeys, ...moved.hostKeys]).size, 3 * moved.hostKeys.length);
    assert.deepEqual(
      [one, two].map(({ files }) => files.get(leases)),
      ["none", "none"],
    );
    assert.match(moved.files.get(leases) ?? "", /^[0-9a-f]{64}$/);
    assert.equal(new Set(seeds).size, 3);
  },
);
