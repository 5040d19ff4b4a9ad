/** Measures the list of 500 machines and the validation of two hosts of 3,000 packages each: `npm run bench:machines`. */
import { spawnSync } from "node:child_process";
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
import { pathsIn } from "../support/place.ts";
import { median } from "./measure.ts";

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
  const env = {
    ...process.env,
    REHOME_STATE_DIR: paths.stateDirectory,
    REHOME_MACHINES_DIR: paths.machinesDirectory,
    REHOME_NSPAWN_DIR: paths.nspawnDirectory,
  };
  await measure("the same, `rehome machine list`", () => spawnSync(program, ["machine", "list"], { env }));
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
}
