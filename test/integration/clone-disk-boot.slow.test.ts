import assert from "node:assert/strict";
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { capture, cloneJoinDisk, cloneServe } from "../../src/index.ts";
import { guestPorts } from "../../src/host/disk/guests.ts";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import { testBoot } from "../../src/system/disk/boot-test/test-boot.ts";
import { debianTree } from "../support/debian-tree.ts";
import { loopDevice } from "../support/loop-device.ts";
import { testPlace } from "../support/place.ts";
import { asRoot } from "../support/temporary-directory.ts";

// Other tests make namespaces while these have disks mounted, and would keep them.
ensurePrivateMounts();

const startsAll = process.env["REHOME_ALL_STARTS"] === "1";
const emulated = startsAll ? asRoot : { skip: "starts disks by emulation; run it with REHOME_ALL_STARTS=1" };
const computer = { memoryBytes: 2 ** 30, processorCount: 2, accelerator: "tcg", isSecureBoot: false } as const;
const timeoutMs = 10 * 60_000;

test(
  "a Debian that a chain wrote to the disk of a node starts there",
  { ...emulated, timeout: 3 * timeoutMs },
  async (context) => {
    const place = testPlace(context);
    const tree = debianTree(context);
    // A real node's system says itself where its console is.
    mkdirSync(join(tree, "etc/default"), { recursive: true });
    appendFileSync(join(tree, "etc/default/grub"), '\nGRUB_CMDLINE_LINUX="console=ttyS0"\n');
    await capture(`${tree}/`, { paths: place.paths, name: "debian" });
    const disk = join(place.directory, "node.raw");
    const device = loopDevice(context, disk, 3 * 2 ** 30);
    let joining: ReturnType<typeof cloneJoinDisk> | undefined;
    const stop = new AbortController();
    const { nodes } = await cloneServe(
      "debian",
      {
        session: "lab1",
        paths: place.paths,
        port: 0,
        host: "127.0.0.1",
        // On a busy machine the two, which are one process here, may hear nothing of each other for long.
        settings: { nodes: 1, giveUpMs: timeoutMs },
        prepare: { identity: "reset", hostnames: { kind: "pattern", before: "node", digits: 2, after: "" } },
        signal: stop.signal,
      },
      ({ token, port }) => {
        const address = { session: "lab1", token, from: "127.0.0.1", port, listenHost: "127.0.0.1", name: "n1" };
        const paths = { ...place.paths, stateDirectory: join(place.directory, "n1") };
        joining = cloneJoinDisk({ ...address, paths, disks: [device] });
        joining.catch(() => stop.abort());
      },
    );
    await joining;
    assert.equal(nodes[0]?.verdict?.ok, true);
    for (const [firmware, bus] of [
      ["bios", "virtio"],
      ["uefi", "nvme"],
    ] as const) {
      const started = await testBoot({ ...computer, disk, format: "raw", bus, firmware }, { timeoutMs }, guestPorts);
      context.diagnostic(`${firmware}: login after ${Math.round(started.durationMs / 1000)} s`);
      assert.match(started.console, /\nnode01 login: /);
    }
  },
);
