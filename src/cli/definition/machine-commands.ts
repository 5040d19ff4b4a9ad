import type { CommandDefinition } from "./command-definition.ts";

/** `rehome machine list` as it was called. */
export type MachineListCall = Readonly<Record<string, never>>;

/** The definition of `rehome machine list`. */
export const machineListCommand: CommandDefinition<MachineListCall> = {
  summary: "List the machines of this host, with what each is at",
  description: [
    "States: `configured` has settings and no files of its own, `detached` is configured and can be attached here or elsewhere, `incomplete` is between two states, `installed` can be started, `running` runs, `moved` is owned by another site.",
    "With -v also whether a machine is started with the host, the epoch of its ownership, and where it went.",
  ],
  fields: {},
  examples: [
    { line: "machine list", does: "all of them" },
    { line: "machine list -v", does: "with ownership" },
    { line: "machine list --json", does: "for programs" },
  ],
};
