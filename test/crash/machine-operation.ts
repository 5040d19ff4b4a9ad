import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { capture } from "../../src/library/capture/capture.ts";
import { attachAsJob, type AttachOptions } from "../../src/library/jobs/kinds/machines/attach/attach-job.ts";
import { cloneMachineAsJob } from "../../src/library/jobs/kinds/machines/create/clone-machine-job.ts";
import { createFromImageAsJob } from "../../src/library/jobs/kinds/machines/create/create-from-image-job.ts";
import { createMachineAsJob } from "../../src/library/jobs/kinds/machines/create/create-machine-job.ts";
import { updateHostAsJob } from "../../src/library/jobs/kinds/machines/attach/update-host-job.ts";
import { detachAsJob } from "../../src/library/jobs/kinds/machines/attach/detach-job.ts";
import { markMachineAsJob, reclaimMachineAsJob } from "../../src/library/jobs/kinds/machines/record-jobs.ts";
import { relocateMachineAsJob } from "../../src/library/jobs/kinds/machines/relocate-job.ts";
import { removeMachineAsJob } from "../../src/library/jobs/kinds/machines/remove-job.ts";
import { renameMachineAsJob } from "../../src/library/jobs/kinds/machines/rename-job.ts";
import { listMachines } from "../../src/library/machines/list-machines.ts";
import type { Paths } from "../../src/library/settings/settings.ts";
import { addScriptPackages, haveTiny } from "../support/script-packages.ts";

/** Something done to the machine `web` of a site. */
export interface Operation {
  readonly name: OperationName;
  readonly paths: Paths;
}

type OperationName =
  | "relocate"
  | "relocate by copy"
  | "detach"
  | "create"
  | "attach"
  | "rename"
  | "mark"
  | "reclaim"
  | "remove"
  | "clone"
  | "create-image"
  | "detach-image"
  | "attach-image"
  | "update"
  | "update-host";

const operations: Readonly<Record<OperationName, (paths: Paths) => Promise<unknown>>> = {
  detach: (paths: Paths) => detachAsJob("web", { paths }),
  create: (paths: Paths) =>
    createMachineAsJob("web", { paths, from: join(paths.machinesDirectory, "web"), allow: ["Hostname"] }),
  attach: (paths: Paths) => attach(paths),
  update: (paths: Paths) => attach(paths, { update: true, hostRoot: join(elsewhere(paths), "target") }),
  "update-host": (paths: Paths) =>
    updateHostAsJob("web", [{ name: "tiny", architecture: "all", from: "1.0", to: "2.0" }], {
      paths,
      hostRoot: join(elsewhere(paths), "target"),
    }),
  "create-image": (paths: Paths) => createFromImageAsJob("copy", { paths, image: "golden" }),
  "detach-image": (paths: Paths) => detachAsJob("web", { paths, toImage: {} }),
  "attach-image": (paths: Paths) => attach(paths, { from: { image: "web:1" } }),
  // Ids that are made when it starts are the same in every run.
  clone: (paths: Paths) => cloneMachineAsJob("web", "copy", { paths, snapshot: "golden", fresh: "first-boot" }),
  rename: (paths: Paths) => renameMachineAsJob("web", "shop", { paths }),
  relocate: (paths: Paths) => relocateMachineAsJob("web", join(elsewhere(paths), "web"), { paths }),
  "relocate by copy": (paths: Paths) => relocateMachineAsJob("web", join(elsewhere(paths), "web"), { paths }),
  mark: (paths: Paths) => markMachineAsJob("web", { paths }),
  reclaim: (paths: Paths) => reclaimMachineAsJob("web", { paths }),
  remove: (paths: Paths) => removeMachineAsJob("web", { paths }),
};

async function attach(paths: Paths, options: AttachOptions = {}): Promise<void> {
  const { report, isAttached } = await attachAsJob("web", { paths, ...options });
  if (!isAttached) throw new RangeError(JSON.stringify(report.findings));
}

/** The names of all operations. */
export const operationNames: readonly OperationName[] = Object.keys(operations) as OperationName[];

/** A place of a site beside that of its machines; on another file system where the site is not. */
export function elsewhere({ stateDirectory }: Paths): string {
  return join(stateDirectory, "../elsewhere");
}

/** Does it. */
export async function operate({ name, paths }: Operation): Promise<void> {
  await operations[name](paths);
}

/** Prepares a site in which an operation may be done. */
export async function prepareFor({ name, paths }: Operation): Promise<void> {
  mkdirSync(join(paths.machinesDirectory, "web/etc"), { recursive: true });
  chmodSync(paths.machinesDirectory, 0o700);
  writeFileSync(join(paths.machinesDirectory, "web/etc/machine-id"), `${"0123456789abcdef".repeat(2)}\n`);
  put(join(paths.nspawnDirectory, "web.nspawn"), "[Exec]\nHostname=web\n");
  const units = join(dirname(paths.nspawnDirectory), "system");
  put(join(units, "systemd-nspawn@web.service.d/limits.conf"), "[Service]\nTasksMax=9\n");
  mkdirSync(join(units, "machines.target.wants"));
  symlinkSync(
    "/lib/systemd/system/systemd-nspawn@.service",
    join(units, "machines.target.wants/systemd-nspawn@web.service"),
  );
  if (name === "reclaim") stampFor(paths);
  if (name === "rename" || name === "remove")
    put(join(paths.machinesDirectory, ".rehome-snapshots/web/golden/file"), "");
  if (name === "create-image") await capture("machine:web", { paths, name: "golden" });
  if (name.startsWith("update")) return await prepareUpdate(name, paths);
  if (!["create", "attach", "attach-image"].includes(name)) return;
  await operate({ name: name === "attach-image" ? "detach-image" : "detach", paths });
  if (name === "attach") return;
  if (name === "attach-image") removeAll(join(paths.machinesDirectory, "web"));
  // As on another host: only the files are there.
  for (const path of readdirSync(units)) removeAll(join(units, path));
  removeAll(join(paths.nspawnDirectory, "web.nspawn"));
  removeAll(join(paths.stateDirectory, "machines/web.json"));
}

/** A detached machine from a host with another version of a package that all machines are to have. */
async function prepareUpdate(name: OperationName, paths: Paths): Promise<void> {
  const [machine, source, target] = [
    join(paths.machinesDirectory, "web"),
    join(elsewhere(paths), "source"),
    join(elsewhere(paths), "target"),
  ];
  haveTiny(machine, "1.0");
  haveTiny(source, "1.0");
  haveTiny(target, name === "update" ? "2.0" : "1.0");
  addScriptPackages(name === "update" ? machine : target);
  put(paths.rulesFile, "scope: {all-machines: [tiny]}\nhost: {ignore: [distribution, kernel, systemd]}\n");
  await detachAsJob("web", { paths, hostRoot: source });
}

const programFolder = /\/(?:usr\/bin|lib|lib64|usr\/lib)(?:\/|$)/;

/** All that an operation may change of a site, as text; programs, and times of manifests and logs, apart. */
export function shapeOf(paths: Paths): string {
  const places = [
    realpathSync(elsewhere(paths)),
    paths.machinesDirectory,
    paths.nspawnDirectory,
    join(dirname(paths.nspawnDirectory), "system"),
  ];
  const files = [...places, join(paths.stateDirectory, "machines")].flatMap((place) =>
    existsSync(place)
      ? readdirSync(place, { recursive: true, withFileTypes: true })
          .filter(
            (entry) => !entry.name.endsWith(".lock") && !entry.isDirectory() && !programFolder.test(entry.parentPath),
          )
          .map((entry) => {
            const path = join(entry.parentPath, entry.name);
            const text = entry.isFile() ? readFileSync(path, "utf8") : "link";
            return `${path} ${path.endsWith(".json") ? text.split(/,?\n/).toSorted().join("\n") : text}`;
          })
      : [],
  );
  const states = listMachines({ paths }).map(({ name, state }) => `${name} is ${state}`);
  return [...files.toSorted(), ...states]
    .join("\n")
    .replaceAll(/"detachedAt": "[^"]*"/g, '"detachedAt": ""')
    .replaceAll(/[\d-]{10}T[\d:.]+Z(?= machine attach -u\n)/g, "");
}

/** As on a host whose machine another one has taken on storage that both see. */
function stampFor(paths: Paths): void {
  const stamp = { uuid: "0123456789abcdef".repeat(2), epoch: 3, site: "f".repeat(32), host: "other" };
  put(join(paths.machinesDirectory, "web/.rehome/owner.json"), `${JSON.stringify(stamp, undefined, 1)}\n`);
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function removeAll(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
