import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { diskPorts } from "../../src/host/disk/disk-ports.ts";
import { guestPorts } from "../../src/host/disk/guests.ts";
import { testBoot } from "../../src/system/disk/boot-test/test-boot.ts";
import { buildDisk } from "../../src/system/disk/build/build-steps.ts";
import { smallestDiskBytes } from "../../src/system/disk/plan/disk-room.ts";
import { defaultLayout } from "../../src/system/disk/source/default-layout.ts";
import { requestIn, sourceOf } from "../support/built-disk.ts";
import { debianTarball } from "../support/debian-tree.ts";
import { run } from "../support/run.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";

const firmware = ["bios", "uefi"] as const;
const buses = ["virtio", "sata", "nvme"] as const;
const timeoutMs = 10 * 60_000;

/** What the tarball's tree takes, rounded up. */
const usage = new Map([["/", { bytes: 760e6, entries: 20_000 }]]);

for (const size of ["smallest", "large"] as const)
  test(`a Debian on a ${size} disk starts with every firmware, from every bus`, asRoot, async (context) => {
    const tarball = debianTarball();
    const directory = temporaryDirectory(context);
    const layout = defaultLayout({ facts: { kernels: [], packages: [], fileSystems: [] } }, firmware);
    const [disk] = layout.disks;
    assert.ok(disk);
    const sizeMib = size === "large" ? 16 * 1024 : (smallestDiskBytes(disk, usage) ?? 0) / 2 ** 20;
    const request = requestIn(context, directory, layout, { sizeMib, firmware, usage });
    const source = sourceOf((tree) => {
      run("tar", "-xpf", tarball, "-C", tree, "--xattrs", "--xattrs-include=*", "--numeric-owner");
      writeFileSync(join(tree, "etc/hostname"), `${size}\n`);
      return Promise.resolve();
    });
    await buildDisk(request, source, diskPorts);
    for (const kind of firmware)
      for (const bus of buses) {
        // The whole matrix on one disk; the other is started three times.
        if (size === "large" && (kind === "bios") !== (bus === "virtio")) continue;
        const computer = { memoryBytes: 2 ** 30, processorCount: 2, accelerator: "tcg", isSecureBoot: false } as const;
        const path = request.paths.get("disk") ?? "";
        const result = await testBoot(
          { ...computer, disk: path, format: "raw", bus, firmware: kind },
          timeoutMs,
          guestPorts,
        );
        context.diagnostic(`${kind} ${bus}: ${Math.round(result.durationMs / 1000)} s`);
        assert.match(result.console, new RegExp(`\\n${size} login: $`));
      }
  });
