import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
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
import { requestIn, sourceOf } from "../support/built-disk.ts";
import { debianTarball } from "../support/debian-tree.ts";
import { run } from "../support/run.ts";
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
