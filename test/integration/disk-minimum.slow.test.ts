import assert from "node:assert/strict";
import { mkdirSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import { diskPorts, runCommand } from "../../src/host/disk/disk-ports.ts";
import { makeFileSystemCommands } from "../../src/system/disk/commands/make-file-system.ts";
import type { Layout } from "../../src/system/disk/layout/layout.ts";
import { smallestDiskBytes } from "../../src/system/disk/plan/disk-room.ts";
import { planDisks } from "../../src/system/disk/plan/plan-disk.ts";
import { seededUuids } from "../../src/system/disk/plan/uuids.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";

// Other tests make namespaces while these have disks mounted, and would keep them.
ensurePrivateMounts();

const blockBytes = 4096;

/** Trees of files in directories of a hundred: many small ones, few large ones, next to none. */
const trees = [
  { name: "small files", files: 30_000, fileBytes: 1000 },
  { name: "large files", files: 100, fileBytes: 4 << 20 },
  { name: "a file", files: 1, fileBytes: 100 },
] as const;

for (const type of ["ext2", "ext3", "ext4", "xfs", "btrfs"] as const)
  test(`a file system (${type}) of the minimum size takes its tree, with room to spare`, asRoot, async (context) => {
    for (const { name, files, fileBytes } of trees) {
      const directory = temporaryDirectory(context, "/dev/shm");
      const folders = Math.ceil(files / 100);
      const bytes = (Math.ceil(fileBytes / blockBytes) * files + folders) * blockBytes;
      const usage = new Map([["/", { bytes, entries: files + folders }]]);
      const content = { kind: "file-system", type, mountPoint: "/" } as const;
      const disk = {
        name: "disk",
        table: "gpt",
        partitions: [{ type: "linux", size: { kind: "minimum" }, content }],
      } as const;
      const layout: Layout = { version: 1, disks: [disk] };
      const sizes = new Map([["disk", smallestDiskBytes(disk, usage) ?? 0]]);
      const plan = planDisks(layout, { sizes, firmware: [], usage, uuids: seededUuids("minimum") });
      const planned = plan.disks[0]?.partitions[0];
      assert.ok(planned?.content.kind === "file-system");
      const sizeBytes = planned.sectorCount * 512;
      const [path, tree] = [join(directory, "image"), join(directory, "tree")];
      diskPorts.files.allocate(path, sizeBytes);
      mkdirSync(tree);
      await using part = await diskPorts.attach(path, 0, sizeBytes);
      for (const command of makeFileSystemCommands(planned.content, part.device)) await runCommand(command);
      await using _mount = await diskPorts.mount(part.device, tree, type, []);
      const piece = Buffer.alloc(fileBytes, "x");
      for (let file = 0; file < files; file++) {
        const folder = join(tree, `folder-${Math.floor(file / 100)}`);
        if (file % 100 === 0) mkdirSync(folder);
        writeFileSync(join(folder, `file-${file}`), piece);
      }
      await runCommand({ command: "sync", args: ["-f", tree] });
      const { bavail, blocks } = statfsSync(tree);
      context.diagnostic(
        `${name}: ${Math.round(sizeBytes / 2 ** 20)} MiB, ${Math.round((100 * bavail) / blocks)} % free`,
      );
      assert.ok(bavail / blocks > 0.04, `${name}: ${bavail} of ${blocks} blocks are free`);
    }
  });
