import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { sandbox, type Sandbox } from "../cli/run-rehome.ts";

/** A host of its own as far as rehome can tell: its own state, machines and settings. */
export interface Site extends Sandbox {
  /** Where a machine's files are. */
  readonly machine: (name: string) => string;
  readonly settingsFile: (name: string) => string;
  readonly autostartLink: (name: string) => string;
  readonly stateOf: (name: string) => unknown;
}

/** Makes a site in a directory that goes with the test. */
export function makeSite(context: TestContext, directory?: string): Site {
  const place = sandbox(context, directory);
  chmodSync(join(place.directory, "machines"), 0o700);
  return {
    ...place,
    machine: (name) => join(place.directory, "machines", name),
    settingsFile: (name) => join(place.directory, "etc/nspawn", `${name}.nspawn`),
    autostartLink: (name) =>
      join(place.directory, "etc/system/machines.target.wants", `systemd-nspawn@${name}.service`),
    stateOf: (name) => {
      const { machines } = place.document("machine", "list").document as { machines: Record<string, unknown>[] };
      return machines.find((machine) => machine["name"] === name)?.["state"];
    },
  };
}

/** Writes the file of a test, its directory too. */
export function put(path: string, text = ""): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Makes a machine with a file, and settings. */
export function makeMachine(site: Site, name: string, settings = "[Exec]\nBoot=yes\nPrivateUsers=pick\n"): void {
  put(join(site.machine(name), "etc/hostname"), `${name}\n`);
  put(join(site.machine(name), "etc/machine-id"), `${"0123456789abcdef".repeat(2)}\n`);
  put(site.settingsFile(name), settings);
}

/** Moves the files of a machine, as an administrator would by any means. */
export function moveFiles(name: string, from: Site, to: Site): void {
  renameSync(from.machine(name), to.machine(name));
}
