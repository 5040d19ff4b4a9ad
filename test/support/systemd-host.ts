import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { TestContext } from "node:test";
import { firstProcessesOf, type Supervisor } from "../../src/host/machines/supervisor.ts";
import type { Ended } from "../cli/run-rehome.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A host whose first process is a real systemd, which starts machines by their units. */
export interface SystemdHost {
  /** Where its `/var/lib/machines` is. */
  readonly machines: string;
  /** Runs a command there. */
  readonly run: (...words: readonly string[]) => Ended;
  /** Runs the program of this checkout there. */
  readonly rehome: (...words: readonly string[]) => Ended;
}

/** What systemd-nspawn makes of this host's own system: its `/usr`, everything else empty and in memory. */
const options = [
  "--volatile=yes",
  "--register=no",
  "--keep-unit",
  "--private-network",
  "--quiet",
  "--console=read-only",
];
const checkout = join(import.meta.dirname, "../..");

/** Boots this host's own system once more, with nothing of its configuration; it goes with the test. */
export async function bootSystemdHost(context: TestContext): Promise<SystemdHost> {
  const directory = temporaryDirectory(context);
  const machines = join(directory, "machines");
  mkdirSync(machines, { mode: 0o700 });
  const name = basename(directory).replaceAll(/[^A-Za-z0-9-]/g, "-");
  const binds = [`--bind=${machines}:/var/lib/machines`, `--bind-ro=${checkout}:/rehome`];
  const boot = ["--boot", "systemd.unit=basic.target", "systemd.firstboot=off"];
  const nspawn = spawn("systemd-nspawn", ["--directory=/", `--machine=${name}`, ...options, ...binds, ...boot], {
    env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
    stdio: "ignore",
  });
  context.after(async () => {
    const ended = once(nspawn, "exit");
    if (nspawn.exitCode === null && nspawn.kill("SIGKILL")) await ended;
    rmSync(`/run/systemd/nspawn/propagate/${name}`, { recursive: true, force: true });
  });
  const run = (...words: readonly string[]): Ended => {
    const [init] = firstProcessesOf({ pid: nspawn.pid ?? 0 } as Supervisor);
    const entered = ["--target", String(init), "--all", "--wd=/", "--", ...words];
    const env = { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", HOME: "/root" };
    const { status, stdout, stderr } = spawnSync("nsenter", entered, { encoding: "utf8", timeout: 120_000, env });
    return { status, stdout, stderr };
  };
  for (let tries = 0; !run("systemctl", "is-active", "basic.target").stdout.startsWith("active"); tries++) {
    assert.ok(tries < 600 && nspawn.exitCode === null, "systemd does not come up");
    await new Promise((resolve) => void setTimeout(resolve, 100));
  }
  // Machines are registered with it, which it is asked for over D-Bus.
  assert.equal(run("systemctl", "start", "dbus.socket").status, 0);
  return { machines, run, rehome: (...words) => run("/rehome/bin/rehome", ...words) };
}
