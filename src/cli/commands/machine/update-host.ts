import { installCommand, type PackageChange } from "../../../journeys/machine/update/plan-update.ts";
import type { AttachOptions } from "../../../library/jobs/kinds/machines/attach/attach-job.ts";
import { planUpdateHost, updateHostAsJob } from "../../../library/jobs/kinds/machines/attach/update-host-job.ts";
import { renderReport } from "../../../system/validate/index.ts";
import type { CommandContext } from "../../command-context.ts";
import { quoteForShell } from "../../render/shell-words.ts";

/** How the update of the host that goes before attaching ended. */
interface UpdatedHost {
  readonly changes: readonly PackageChange[];
  /** False where it was only shown, or something would be left that it cannot mend. */
  readonly isReady: boolean;
}

/** Shows what this host lacks to hold a machine, and installs it if `isConfirmed`. */
export async function updateHost(
  machine: string,
  isConfirmed: boolean,
  options: AttachOptions,
  { output, messages, common }: CommandContext,
): Promise<UpdatedHost> {
  const { changes, remaining, attached } = await planUpdateHost(machine, options);
  const isReady = remaining.length === 0 && (changes.length === 0 || isConfirmed);
  if (common.json && !isReady)
    output.document({ ...attached.report, isRebuilt: attached.manifest.isRebuilt, isAttached: false, host: changes });
  else if (!common.json) {
    output.lines(changes.map(describeChange));
    output.lines(renderReport({ findings: remaining }));
  }
  if (remaining.length > 0) return { changes, isReady };
  if (changes.length > 0 && isConfirmed) await updateHostAsJob(machine, changes, options);
  else if (changes.length > 0)
    messages.remark(
      `with --yes this is run on this host, then it is attached: ${quoteForShell(installCommand(changes))}`,
    );
  return { changes, isReady };
}

/** A change of a package for people. */
export function describeChange({ name, architecture, from, to }: PackageChange): string {
  return `${name}:${architecture} ${from ?? "(not installed)"} -> ${to}`;
}
