/**
 * Measures the list of 500 machines and the validation of two hosts of 3,000 packages each, inside of this process and as commands:
 * `npm run bench:machines`. Commands are those of `dist` where that is newer than the source (`npm run build`).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TreePath } from "../../src/core/tree/byte-string.ts";
import { openSystemSources } from "../../src/host/facts/index.ts";
import { listMachines } from "../../src/library/machines/list-machines.ts";
import { writeRecord } from "../../src/library/machines/records.ts";
import { readInventory } from "../../src/system/facts/index.ts";
import { chooseNeeded, compareSoftware, noRules } from "../../src/system/validate/index.ts";
import { makeLargeHost, packageCount } from "../support/large-host.ts";
import type { Paths } from "../../src/library/settings/settings.ts";
import { pathsIn } from "../support/place.ts";
import { measure as measureCommand, median } from "./measure.ts";

const machines = 500;
const rounds = 9;
const work = mkdtempSync(join(tmpdir(), "rehome-bench-"));
const program = fileURLToPath(new URL("../../bin/rehome", import.meta.url));
const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  await measureList();
  await measureValidation();
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function measure(what: string, action: () => unknown): Promise<void> {
  const samples: { readonly wallMs: number; readonly cpuMs: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const [begin, cpu] = [performance.now(), process.cpuUsage()];
    await action();
    const { user, system } = process.cpuUsage(cpu);
    samples.push({ wallMs: performance.now() - begin, cpuMs: (user + system) / 1000 });
  }
  const walls = samples.map(({ wallMs }) => wallMs);
  const fastest = Math.min(...walls).toFixed(0);
  const cpuMs = median(samples.map((sample) => sample.cpuMs)).toFixed(0);
  say(`${what}: median ${median(walls).toFixed(0)} ms, fastest ${fastest} ms, own processor time ${cpuMs} ms`);
}

/** Whole processes, from the start of Node to the end. */
function measureProcess(what: string, command: string, environment: Readonly<Record<string, string>>): void {
  const samples = Array.from({ length: rounds }, () => measureCommand(command, environment, join(work, "time")));
  const walls = samples.map(({ wallMs }) => wallMs);
  const cpuMs = median(samples.map((sample) => sample.cpuMs)).toFixed(0);
  const fastest = Math.min(...walls).toFixed(0);
  say(`${what}: median ${median(walls).toFixed(0)} ms, fastest ${fastest} ms, processor time ${cpuMs} ms`);
}

/** Where commands find what this made. */
function environmentOf(paths: Paths): Readonly<Record<string, string>> {
  return {
    REHOME_STATE_DIR: paths.stateDirectory,
    REHOME_MACHINES_DIR: paths.machinesDirectory,
    REHOME_NSPAWN_DIR: paths.nspawnDirectory,
    REHOME_RULES: paths.rulesFile,
  };
}

async function measureList(): Promise<void> {
  const paths = pathsIn(work);
  mkdirSync(paths.nspawnDirectory, { recursive: true });
  for (let at = 0; at < machines; at++) {
    const name = `machine-${at}`;
    const uuid = at.toString(16).padStart(32, "0");
    mkdirSync(join(paths.machinesDirectory, name, "etc"), { recursive: true });
    writeFileSync(join(paths.machinesDirectory, name, "etc/machine-id"), `${uuid}\n`);
    writeFileSync(join(paths.nspawnDirectory, `${name}.nspawn`), "[Exec]\nBoot=yes\n");
    if (at % 2 === 0) writeRecord(paths, { name, uuid, epoch: 1, owner: "1".repeat(32) });
  }
  await measure(`${machines} machines listed`, () => listMachines({ paths }));
  measureProcess("the same, `rehome machine list`", `${program} machine list`, environmentOf(paths));
}

async function measureValidation(): Promise<void> {
  const hosts = [makeLargeHost(join(work, "a"), false), makeLargeHost(join(work, "b"), true)] as const;
  const inherited = ["usr" as TreePath];
  const readHost = async (root: string) => {
    using sources = openSystemSources(root);
    return await readInventory(sources, { inheritedDirectories: inherited, needsPatches: () => true });
  };
  await measure(`two hosts of ${packageCount} packages read and compared`, async () => {
    const [there, here] = [await readHost(hosts[0]), await readHost(hosts[1])];
    return compareSoftware(chooseNeeded(there, inherited, noRules), here, inherited, noRules);
  });
  const paths = pathsIn(join(work, "site"));
  mkdirSync(join(paths.machinesDirectory, "web"), { recursive: true });
  mkdirSync(paths.nspawnDirectory);
  writeFileSync(join(paths.nspawnDirectory, "web.nspawn"), "[Files]\nBindReadOnly=/usr\n");
  const manifest = join(work, "web.json");
  const [detach, attach] = [
    `${program} machine detach -n web --host-root ${hosts[0]} >${manifest}`,
    // That they differ is not a failure here.
    `${program} machine attach -n ${manifest} --host-root ${hosts[1]} || [ $? = 3 ]`,
  ];
  measureProcess("the one, `rehome machine detach -n`", detach, environmentOf(paths));
  measureProcess("the other, `rehome machine attach -n`", attach, environmentOf(paths));
}
