import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findTool } from "../../src/host/processes.ts";
import { asRoot } from "./temporary-directory.ts";

/** Options of a test that runs trees in systemd-nspawn. */
export const withContainers: { readonly skip: string | false } = {
  skip: asRoot.skip || (findTool("systemd-nspawn") === undefined ? "needs systemd-nspawn" : false),
};

/** What was said and how it ended. */
export interface Ran {
  readonly status: number | null;
  readonly output: string;
}

/** Runs a shell script as root of the system in `tree`, without a network; it ends at the first command that fails. */
export function runInside(tree: string, script: string): Ran {
  return nspawn(tree, ["/bin/sh", "-exc", script]);
}

/**
 * Boots the system in `tree`, without a network, runs a shell script in it once it is up, and shuts it down. The status is that of the
 * script, the output is the script's alone.
 */
export function bootAndRun(tree: string, script: string): Ran {
  const unit = "etc/systemd/system/test-script.service";
  const wants = "etc/systemd/system/multi-user.target.wants";
  mkdirSync(join(tree, wants), { recursive: true });
  writeFileSync(join(tree, "root/script"), script);
  writeFileSync(
    join(tree, unit),
    [
      "[Unit]",
      "After=dbus.service",
      "[Service]",
      "Type=oneshot",
      "ExecStart=/bin/sh -c 'sh -ex /root/script >/root/output 2>&1; echo $? >/root/status'",
      "ExecStopPost=systemctl poweroff --no-block",
      "TimeoutStartSec=300",
    ].join("\n"),
  );
  symlinkSync(`/${unit}`, join(tree, wants, "test-script.service"));
  const { output } = nspawn(tree, ["--boot"]);
  const { stdout } = spawnSync("cat", [join(tree, "root/output")], { encoding: "utf8" });
  const { stdout: status } = spawnSync("cat", [join(tree, "root/status")], { encoding: "utf8" });
  return status === "" ? { status: null, output: `${output}${stdout}` } : { status: Number(status), output: stdout };
}

function nspawn(tree: string, words: readonly string[]): Ran {
  const fixed = ["--quiet", "-D", tree, "--register=no", "--keep-unit", "--private-network", "--console=pipe"];
  const { status, stdout, stderr } = spawnSync("systemd-nspawn", [...fixed, ...words], {
    encoding: "utf8",
    env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
    timeout: 600_000,
    maxBuffer: 64 * 2 ** 20,
  });
  return { status, output: `${stdout}${stderr}` };
}
