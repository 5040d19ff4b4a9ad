import { existsSync, readFileSync } from "node:fs";

const unitDirectories = [
  "/etc/systemd/system",
  "/run/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
];
const template = "systemd-nspawn@.service";
const defaultLine =
  "systemd-nspawn --quiet --keep-unit --boot --link-journal=try-guest --network-veth -U --settings=override --machine=%i";

/** The command line with which systemd starts machines on this host, words apart; `%i` stands for a machine's name. */
export function readMachineCommand(): readonly string[] {
  for (const directory of unitDirectories) {
    const path = `${directory}/${template}`;
    const line = existsSync(path) ? /^ExecStart=(\S.*)$/m.exec(readFileSync(path, "utf8"))?.[1] : undefined;
    if (line !== undefined) return line.trim().split(/\s+/);
  }
  return defaultLine.split(" ");
}

/** A drop-in that has systemd start a machine from `directory`, which has no blank, quote or `%` in it. */
export function formatDirectoryDropIn(directory: string): string {
  const command = [...readMachineCommand(), `--directory=${directory}`].join(" ");
  return `[Unit]\nRequiresMountsFor=${directory}\n\n[Service]\nExecStart=\nExecStart=${command}\n`;
}
