import type { Consistency } from "../../../core/manifest/manifest.ts";
import { boolean, integer, object, oneOf, text, type Decode } from "../detached/decode.ts";
import { machineNamePattern } from "../detached/parse-detached.ts";

/**
 * What a host keeps of a machine beside its files: who owns it, and marks that its files cannot show. It lies in the
 * state directory, where no machine can write.
 */
export interface MachineRecord {
  readonly name: string;
  /** 32 hex digits. */
  readonly uuid: string;
  /** The site that may start it: this one, another, or none while it is detached. */
  readonly owner?: string;
  readonly epoch: number;
  /** Of a machine that is what its files do not show. */
  readonly mark?: "incomplete" | "moved" | "configured";
  /** Where it went, for people. */
  readonly movedTo?: string;
  /** The image that it was made from. */
  readonly image?: string;
  /** The machine that it was cloned from. */
  readonly clonedFrom?: string;
  /** How much its tree can be trusted to show one moment of what it was made from. */
  readonly consistency?: Consistency;
  /** Whether it is to be started with the host once it is attached again. */
  readonly autostart?: boolean;
}

/** Reads a record. @throws {DecodeError} */
export const decodeRecord: Decode<MachineRecord> = object<
  Pick<MachineRecord, "name" | "uuid" | "epoch">,
  Required<Omit<MachineRecord, "name" | "uuid" | "epoch">>
>(
  { name: text(machineNamePattern), uuid: text(/^[0-9a-f]{32}$/), epoch: integer(0) },
  {
    owner: text(/^[0-9a-f]{32}$/),
    mark: oneOf("incomplete", "moved", "configured"),
    movedTo: text(/^[^\p{Cc}]{1,300}$/u),
    image: text(/^[^\p{Cc}]{1,300}$/u),
    clonedFrom: text(machineNamePattern),
    consistency: oneOf("fuzzy", "crash", "filesystem", "application"),
    autostart: boolean,
  },
);
