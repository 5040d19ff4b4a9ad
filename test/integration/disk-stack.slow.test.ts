import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { guestPorts } from "../../src/host/disk/guests.ts";
import { BootTestError, testBoot, type BootTestResult } from "../../src/system/disk/boot-test/test-boot.ts";
import { readLayout } from "../../src/system/disk/layout/yaml/read-layout.ts";
import { layoutOfDisks } from "../../src/system/disk/source/source-layout.ts";
import { parseDisks } from "../../src/system/facts/host/disks.ts";
import type { Firmware } from "../../src/system/disk/plan/layout-check.ts";
import { run } from "../support/run.ts";
import { readShownDisks } from "../support/shown-disks.ts";
import { stackGuest } from "../support/stack-guest.ts";
import { shapeOf, stackCases, type StackCase } from "../support/stack-layouts.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";

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
  "disks with LVM, software RAID and LUKS are built and cloned to in a machine whose kernel knows them, and start",
  { ...withAll, timeout: 60 * minuteMs },
  async (context) => {
    const directory = temporaryDirectory(context);
    const guest = stackGuest(context, directory);
    for (const stack of stackCases)
      await context.test(stack.name, async (inner) => {
        const disks = Object.entries(stack.diskSizesMib).map(([name, mib]) => {
          const path = join(directory, `${name}.raw`);
          run("truncate", "-s", `${mib}M`, path);
          return path;
        });
        const shown = await guest.run(buildScript(stack), disks, 20 * minuteMs);
        const story = [...shown.matchAll(/^guest: (.*)$/gm)].map(([, line = ""]) => line);
        inner.diagnostic(story.join("; "));
        assert.equal(story.at(-1), "ended with 0", shown.slice(-8000));
        for (const firmware of stack.firmware) {
          const result = await start(stack, disks, firmware);
          inner.diagnostic(`${stack.name}, ${firmware}: login after ${Math.round(result.durationMs / 1000)} s`);
          assert.match(result.console, new RegExp(`\\n${stack.name} login: `));
          const { lsblkJson, pvsJson } = readShownDisks(result.console);
          const found = layoutOfDisks(parseDisks(lsblkJson, pvsJson));
          assert.deepEqual(shapeOf(found), shapeOf(readLayout(stack.layout, stack.name)), lsblkJson);
        }
        run("rm", ...disks);
      });
  },
);

/**
 * Puts the layout on the disks of the machine, and sees that nothing of it stays there and that no passphrase was kept. One of a
 * single disk that is killed in between is built into a file.
 */
function buildScript(stack: StackCase): string {
  const { layout, diskSizesMib, passphrases, isKilled = false, isJoined = false } = stack;
  const isInFile = isKilled && !isJoined;
  const build = isJoined ? joinCommand(stack) : buildCommand(stack, isInFile);
  const [luks = ""] = Object.keys(passphrases);
  const killed = [
    `${build} & pid=$!`,
    `until test -e /dev/mapper/${luks}; do kill -0 $pid; sleep 0.2; done`,
    "kill -9 $pid",
    "$rehome job repair",
    ...nothingLeft,
    unless("ls /dev/mapper | grep -v control"),
    'echo "guest: killed, repaired"',
  ];
  return [
    "started=$(cut -d . -f 1 /proc/uptime)",
    'echo "guest: up after $started s"',
    `cat >/tmp/layout.yaml <<'END'\n${layout}END`,
    ...Object.entries(passphrases).map(([of, passphrase]) => `echo '${passphrase}' >/tmp/${of}`),
    ...(isJoined ? serveCommands : []),
    ...(isKilled ? killed : []),
    build,
    ...(isJoined ? ["wait $golden"] : []),
    'echo "guest: built in $(($(cut -d . -f 1 /proc/uptime) - started)) s"',
    ...nothingLeft,
    ...(isInFile
      ? Object.keys(diskSizesMib).map((disk) => `dd if=/mnt/${disk}.raw of=/dev/vdb bs=1M conv=sparse`)
      : []),
    ...Object.values(passphrases).map((passphrase) => unless(`grep -r '${passphrase}' /var/lib/rehome`)),
  ].join("\n");
}

function buildCommand(stack: StackCase, isInFile: boolean): string {
  const { name, diskSizesMib, firmware } = stack;
  const places = isInFile
    ? Object.entries(diskSizesMib).map(([disk, mib]) => `-o ${disk}=/mnt/${disk}.raw --size ${mib}MiB`)
    : devicesOf(stack).map((device) => `--device ${device}`);
  const options = [...places, ...passphraseOptions(stack), `--firmware ${firmware.length > 1 ? "both" : firmware[0]}`];
  return `$rehome disk build system --layout /tmp/layout.yaml ${options.join(" ")} --identity reset --hostname ${name}`;
}

/** An emulated machine is silent for longer than others. */
const serveCommands = [
  "busybox ifconfig lo up",
  "$rehome clone serve system --session lab --nodes 1 --layout /tmp/layout.yaml --hostname node%d --give-up 15m \\",
  "  --token-file /tmp/token --interface 127.0.0.1 --no-discovery & golden=$!",
  "until test -e /tmp/token; do sleep 1; done",
];

const withoutStore = "${rehome% --store *}";

function joinCommand(stack: StackCase): string {
  const options = [...devicesOf(stack).map((device) => `--disk ${device}`), ...passphraseOptions(stack)];
  return `${withoutStore} clone join --session lab --from 127.0.0.1 --name node1 --token-file /tmp/token ${options.join(" ")}`;
}

function devicesOf({ diskSizesMib }: StackCase): string[] {
  return Object.keys(diskSizesMib).map((disk, index) => `${disk}=/dev/vd${"bcdefg"[index]}`);
}

function passphraseOptions({ passphrases }: StackCase): string[] {
  return Object.keys(passphrases).map((luks) => `--luks-passphrase-file ${luks}=/tmp/${luks}`);
}

/** Ends a shell script if a command finds something. */
function unless(command: string): string {
  return `if ${command}; then exit 1; fi`;
}

const nothingLeft = [unless("losetup --list --noheadings | grep ."), unless("grep /tree /proc/mounts")];

async function start(
  { passphrases }: StackCase,
  [disk = "", ...otherDisks]: readonly string[],
  firmware: Firmware,
): Promise<BootTestResult> {
  const passphraseOf = (luks: string): string | undefined => passphrases[luks];
  try {
    return await testBoot(
      { ...computer, disk, otherDisks, firmware },
      { timeoutMs: 10 * minuteMs, passphraseOf },
      guestPorts,
    );
  } catch (error) {
    if (error instanceof BootTestError) console.error(error.console.slice(-8000));
    throw error;
  }
}
