import { accessSync, constants, existsSync } from "node:fs";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { listMachines, type ListedMachine } from "../../../library/machines/list-machines.ts";
import { choosePaths } from "../../../library/settings/settings.ts";
import type { CommandContext } from "../../command-context.ts";
import type { MachineListCall } from "../../definition/index.ts";
import { formatTable, type Column } from "../../render/table.ts";

const columns: readonly Column<ListedMachine>[] = [
  { title: "NAME", cell: ({ name }) => name, cuttable: true },
  { title: "STATE", cell: ({ state, isShuttingDown }) => (isShuttingDown ? "shutting down" : state) },
  { title: "PATH", cell: ({ path }) => path, cuttable: true },
  { title: "UUID", cell: ({ uuid }) => uuid ?? "", dispensable: 2 },
  { title: "IMAGE", cell: ({ image }) => image ?? "", cuttable: true, dispensable: 1 },
];

const moreColumns: readonly Column<ListedMachine>[] = [
  { title: "AUTOSTART", cell: ({ autostart }) => (autostart ? "yes" : "no") },
  { title: "EPOCH", cell: ({ epoch }) => (epoch === undefined ? "" : String(epoch)), align: "right" },
  { title: "MOVED TO", cell: ({ movedTo }) => movedTo ?? "", cuttable: true },
];

/** `rehome machine list`. */
export async function runMachineList(
  _call: MachineListCall,
  { common, output, messages }: CommandContext,
): Promise<ExitStatus> {
  const machines = listMachines();
  const { machinesDirectory } = choosePaths();
  if (!canRead(machinesDirectory))
    messages.warn(`rehome: warning: ${machinesDirectory} may not be read; only machines with settings are listed`);
  if (common.json) output.document({ machines });
  else if (machines.length === 0) messages.remark("there are no machines");
  else {
    const chosen = common.verbose > 0 ? [...columns, ...moreColumns] : columns;
    output.lines(formatTable(chosen, machines, output.width));
  }
  return await Promise.resolve(exitStatus.done);
}

/** A directory that is not there hides nothing. */
function canRead(directory: string): boolean {
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
    return true;
  } catch {
    return !existsSync(directory);
  }
}
