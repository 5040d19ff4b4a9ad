import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import type { TestContext } from "node:test";

/** A machine that runs. */
export interface BootedMachine {
  /** Waits until its SSH server answers, and gives the server's greeting. */
  readonly greeting: () => Promise<string>;
  /** Has it shut down in order, and waits for that. */
  readonly powerOff: () => Promise<void>;
}

/** Boots the machine in `directory` by systemd-nspawn, with a network of its own; it goes with the test. */
export function bootMachine(context: TestContext, directory: string): BootedMachine {
  const options = ["--register=no", "--keep-unit", "--private-network", "--quiet", "--console=read-only"];
  const nspawn = spawn("systemd-nspawn", ["--directory", directory, ...options, "--boot"], {
    env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
    stdio: "ignore",
  });
  context.after(() => nspawn.kill("SIGKILL"));
  return {
    async greeting() {
      for (let tries = 0; tries < 240; tries++) {
        assert.equal(nspawn.exitCode, null, "the machine has ended");
        const init = childOf(nspawn);
        const script = "exec 3<>/dev/tcp/127.0.0.1/22 && head -c 7 <&3";
        const words = ["--target", String(init), "--net", "bash", "-c", script];
        const { stdout } = spawnSync("nsenter", words, { encoding: "utf8", timeout: 5000 });
        if (stdout !== "") return stdout;
        await new Promise((resolve) => void setTimeout(resolve, 500));
      }
      assert.fail("its SSH server does not answer");
    },
    async powerOff() {
      const ended = once(nspawn, "exit");
      nspawn.kill("SIGTERM");
      await ended;
    },
  };
}

/** The machine's first process: the only child of systemd-nspawn, as `/proc` has it. */
function childOf({ pid }: ChildProcess): number {
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const [, parent] = /^\d+ \(.*\) \S (\d+) /s.exec(readFileSync(`/proc/${entry}/stat`, "latin1")) ?? [];
      if (Number(parent) === pid) return Number(entry);
    } catch {
      // It has ended meanwhile.
    }
  }
  return -1;
}
