import { resolve } from "node:path";
import { crashPoint } from "../../../../../core/crash-points.ts";
import type { JobKind } from "../../../../../engine/job-kind.ts";
import {
  planHostUpdate,
  type PackageChange,
  type PlannedUpdate,
} from "../../../../../journeys/machine/update/plan-update.ts";
import { updatePackages } from "../../../../machines/machine-packages.ts";
import { choosePaths } from "../../../../settings/settings.ts";
import { fromJson, toJson } from "../../../json.ts";
import { runAsJob } from "../../../run-as-job.ts";
import { planAttach, type Attached, type AttachOptions } from "./attach-job.ts";

interface UpdateHostParameters {
  /** `/` for this host. */
  readonly root: string;
  readonly changes: readonly PackageChange[];
}

/** The update of a host's packages as a job: no package manager takes that back. */
export const updateHostKind: JobKind = {
  kind: "host-update",
  planVersion: 1,
  checkpoints({ parameters }) {
    const { root, changes } = fromJson<UpdateHostParameters>(parameters);
    return [
      {
        name: "install",
        title: changes.map(({ name, from, to }) => `${name} ${from ?? "not installed"} -> ${to}`).join(", "),
        weight: 1,
        undo: "none",
        async run({ signal, log }) {
          for (const line of (await updatePackages(root, changes, signal)).trimEnd().split("\n")) log(line);
          crashPoint("machine.host-update.acted");
          return null;
        },
      },
    ];
  },
  insteadOfUndo: () => "Install the versions from before: the log of the job and that of dpkg name them.",
};

/** What would be installed on the host so that a machine can be attached, and what would still keep it from it. Changes nothing. */
export async function planUpdateHost(
  machine: string,
  options: AttachOptions,
): Promise<PlannedUpdate & { readonly attached: Attached }> {
  const attached = await planAttach(machine, options);
  return { ...planHostUpdate(attached.report.findings), attached };
}

/** Installs on the host what {@link planUpdateHost} found. @throws {UpdateFailedError} @throws {JobPausedError} */
export async function updateHostAsJob(
  machine: string,
  changes: readonly PackageChange[],
  options: AttachOptions,
): Promise<void> {
  const { paths = choosePaths(), hostRoot } = options;
  const parameters: UpdateHostParameters = { root: hostRoot === undefined ? "/" : resolve(hostRoot), changes };
  const order = { title: `update this host for ${machine}`, parameters: toJson(parameters), plan: null };
  await runAsJob(updateHostKind, order, { ...options, paths });
}
