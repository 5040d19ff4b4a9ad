import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { planStoreUpgrade } from "../../../library/store/store-care.ts";
import type { CommandContext } from "../../command-context.ts";
import type { StoreUpgradeCall } from "../../definition/index.ts";

/** `rehome store upgrade`. */
export async function runStoreUpgrade(
  { dryRun }: StoreUpgradeCall,
  { common, store, output }: CommandContext,
): Promise<ExitStatus> {
  const upgrade = await planStoreUpgrade(store);
  const { location, formatVersion, steps } = upgrade;
  if (common.json) output.document({ ...upgrade, dryRun });
  else {
    const newest = steps.length === 0 ? ", the newest: nothing to do" : "";
    output.line(`${location} has version ${formatVersion} of the format${newest}`);
    output.lines(steps.map(({ from, to, summary }) => `  ${from} to ${to}: ${summary}`));
  }
  return exitStatus.done;
}
