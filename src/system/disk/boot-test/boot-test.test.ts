import assert from "node:assert/strict";
import { test } from "node:test";
import { guestCommand, type GuestComputer } from "./guest-command.ts";
import { BootTestError, testBoot, type Guest, type GuestPorts } from "./test-boot.ts";
import { ConsoleWatcher } from "./watch-console.ts";

const computer: GuestComputer = {
  disk: "/images/a,b.qcow2",
  format: "qcow2",
  bus: "sata",
  firmware: "uefi",
  memoryBytes: 2 ** 30,
  processorCount: 2,
  accelerator: "tcg",
  isSecureBoot: false,
};

test("guestCommand() writes nothing to the disk, and names its format", () => {
  const args = guestCommand(computer, "/tmp/variables").args.join(" ");
  assert.match(args, /file=\/images\/a,,b\.qcow2,format=qcow2,if=none,id=disk0,snapshot=on/);
  assert.match(args, /ide-hd,bus=ide\.0,drive=disk0,bootindex=0/);
  assert.match(args, /unit=0,format=raw,file=\S+,readonly=on .*unit=1,format=raw,file=\/tmp\/variables/);
  assert.doesNotMatch(guestCommand({ ...computer, firmware: "bios" }, undefined).args.join(" "), /pflash/);
  assert.match(
    guestCommand({ ...computer, isSecureBoot: true }, "v").args.join(" "),
    /smm=on .*property=secure,value=on/,
  );
});

test("ConsoleWatcher sees a prompt in pieces, between escape sequences", () => {
  const watcher = new ConsoleWatcher();
  assert.equal(watcher.see("\u001b[2J\u001b[01;1HDebian GNU/Linux 12 web ttyS0\r\n\r\nweb lo"), undefined);
  assert.deepEqual(watcher.see("gin: "), { kind: "login-prompt" });
  assert.equal(watcher.text.split("\n").at(-1), "web login: ");
});

test("ConsoleWatcher sees a prompt after which something else was written at once", () => {
  for (const more of [
    "[   92.1] clocksource: Marking clocksource 'tsc' as unstable\n",
    `[  OK  ] ${"x".repeat(600)}\n`,
  ]) {
    const watcher = new ConsoleWatcher();
    assert.equal(watcher.see("Debian GNU/Linux 12 web ttyS0\r\n\r\n"), undefined);
    assert.deepEqual(watcher.see(`web login: ${more}`), { kind: "login-prompt" });
  }
});

test("ConsoleWatcher says why a start stopped, and takes no message for a prompt", () => {
  const seen = (text: string): string | undefined => {
    const sighting = new ConsoleWatcher().see(text);
    return sighting?.kind === "stopped" ? sighting.why : sighting?.kind;
  };
  assert.equal(seen("systemd[1]: Starting login: service of users...\n[ OK ] Started\n"), undefined);
  assert.match(seen("Booting from Hard Disk...\nNo bootable device.\n") ?? "", /firmware/);
  assert.match(seen("error: no such device: 1234.\ngrub rescue> ") ?? "", /GRUB/);
  assert.match(
    seen("[ 1.2] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n") ?? "",
    /root/,
  );
  assert.match(seen("You are in emergency mode. After logging in") ?? "", /emergency/);
});

interface TestGuests extends GuestPorts {
  readonly ended: () => number;
  readonly typed: string[];
}

function portsWith(pieces: readonly string[], isEndless = false): TestGuests {
  let ended = 0;
  const typed: string[] = [];
  return {
    ended: () => ended,
    typed,
    copyFile: () => ({ path: "v", [Symbol.dispose]() {} }),
    start: (_command, signal): Guest => ({
      console: (async function* () {
        yield* pieces;
        if (isEndless && !signal.aborted)
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      })(),
      type: (text) => void typed.push(text),
      [Symbol.asyncDispose]: () => Promise.resolve(void ended++),
    }),
  };
}

test("testBoot() ends the guest at the prompt, at a failure, at its end and at the time-out", async () => {
  const good = portsWith(["a\n", "host login: "], true);
  assert.match((await testBoot(computer, { timeoutMs: 60_000 }, good)).console, /login: $/);
  for (const [ports, pattern] of [
    [portsWith(["Kernel panic - not syncing\n"], true), /panicked/],
    [portsWith(["half a start"]), /ended before.*half a start/],
  ] as const) {
    await assert.rejects(
      testBoot(computer, { timeoutMs: 60_000 }, ports),
      (error: unknown) => error instanceof BootTestError && pattern.test(error.message),
    );
    assert.equal(ports.ended(), 1);
  }
  const silent = portsWith([], true);
  await assert.rejects(testBoot(computer, { timeoutMs: 5 }, silent), /within 0 s.*showed nothing/);
  assert.equal(good.ended() + silent.ended(), 2);
  const stop = new AbortController();
  stop.abort();
  await assert.rejects(testBoot(computer, { timeoutMs: 60_000, signal: stop.signal }, portsWith([], true)), {
    code: "INTERRUPTED",
  });
});

test("testBoot() types the passphrases that are asked for, each once, and stops where it has none", async () => {
  const questions = ["Please unlock disk cr", "ypt: ", "\r\nPlease unlock disk home: \n", "...\nhost login: "];
  const passphrases = new Map([
    ["crypt", "one"],
    ["home", "two"],
  ]);
  const ports = portsWith(questions, true);
  await testBoot(computer, { timeoutMs: 60_000, passphraseOf: (name) => passphrases.get(name) }, ports);
  assert.deepEqual(ports.typed, ["one\r", "two\r"]);
  passphrases.delete("home");
  const lacking = testBoot(
    computer,
    { timeoutMs: 60_000, passphraseOf: (name) => passphrases.get(name) },
    portsWith(questions, true),
  );
  await assert.rejects(lacking, /passphrase of "home", and none is given/);
});
