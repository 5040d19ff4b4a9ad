import { defaultMachine, type MachineSize } from "../../../library/disk/plan-build.ts";

/** The virtual computer that was asked for. */
export function machineOf({
  cpus = defaultMachine.processorCount,
  memory = defaultMachine.memoryBytes,
}: {
  readonly cpus: number | undefined;
  readonly memory: number | undefined;
}): MachineSize {
  return { processorCount: cpus, memoryBytes: memory };
}
