import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { guestPorts } from "../../src/host/disk/guests.ts";
import { testBoot } from "../../src/system/disk/boot-test/test-boot.ts";
import { run } from "../support/run.ts";
import { stackGuest } from "../support/stack-guest.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";
import { diskSizesMib, passphrases } from "../vm/stack-layouts.ts";

const minuteMs = 60_000;
const startsAll = process.env["REHOME_ALL_STARTS"] === "1";
const withAll = startsAll
  ? asRoot
  : { skip: "takes a quarter of an hour of emulation; run it with REHOME_ALL_STARTS=1" };
const computer = {
  format: "raw",
  bus: "virtio",
  memoryBytes: 2 ** 30,
  processorCount: 2,
  accelerator: "tcg",
  isSecureBoot: false,
} as const;

test(
  "disks with LVM, software RAID and LUKS are built in a machine whose kernel knows them, and start",
  { ...withAll, timeout: 60 * minuteMs },
  async (context) => {
    const directory = temporaryDirectory(context);
    const disks = Object.entries(diskSizesMib).map(([name, mib]) => {
      const path = join(directory, `${name}.raw`);
      run("truncate", "-s", `${mib}M`, path);
      return path;
    });
    const started = performance.now();
    const shown = await stackGuest(context, directory).run("test/vm/build-stacks.ts", disks, 25 * minuteMs);
    const story = shown.split("\n").filter((line) => line.startsWith("guest: "));
    context.diagnostic(`built in ${Math.round((performance.now() - started) / 1000)} s: ${story.join(" | ")}`);
    assert.match(shown, /^guest: all is built$[^]*^guest: ended with 0$/m, shown.slice(-4000));
    const [disk = "", ...others] = disks;
    const single = others.pop() ?? "";
    for (const firmware of ["uefi", "bios"] as const) {
      const options = { timeoutMs: 10 * minuteMs, passphrases };
      const result = await testBoot({ ...computer, disk, otherDisks: others, firmware }, options, guestPorts);
      context.diagnostic(`mirrored, ${firmware}: login after ${Math.round(result.durationMs / 1000)} s`);
      assert.match(result.console, /\nmirrored login: /);
    }
    const result = await testBoot(
      { ...computer, disk: single, firmware: "bios" },
      { timeoutMs: 10 * minuteMs },
      guestPorts,
    );
    context.diagnostic(`grouped: login after ${Math.round(result.durationMs / 1000)} s`);
    assert.match(result.console, /\ngrouped login: /);
  },
);
