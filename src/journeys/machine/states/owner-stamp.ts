import { integer, object, text, type Decode } from "../detached/decode.ts";
import type { MachineRecord } from "./machine-record.ts";

/**
 * Whose a machine is, as a file in its own directory says, so that hosts that see the same directory one after the other
 * know of each other. The machine itself could write it: what it says takes ownership away, and gives it to nobody.
 */
export interface OwnerStamp {
  /** 32 hex digits; of a copy that became a machine of its own it is another one's. */
  readonly uuid: string;
  readonly epoch: number;
  /** Of the site that owns the machine, 32 hex digits. */
  readonly site: string;
  /** That site's host, for people. */
  readonly host: string;
}

/** Epochs count changes of owners; a machine that claims to have had more claims nonsense. */
const mostEpochs = 1e9;

/** Reads a stamp. @throws {DecodeError} */
export const decodeStamp: Decode<OwnerStamp> = object<OwnerStamp>({
  uuid: text(/^[0-9a-f]{32}$/),
  epoch: integer(0, mostEpochs),
  site: text(/^[0-9a-f]{32}$/),
  host: text(/^[A-Za-z0-9._-]{1,64}$/),
});

/** Says whether a machine's directory shows that another site has taken the machine since `site` last had to do with it. */
export function isTakenOver(
  stamp: OwnerStamp | undefined,
  record: Pick<MachineRecord, "uuid" | "epoch"> | undefined,
  site: string | undefined,
): boolean {
  if (stamp === undefined || stamp.site === site) return false;
  return record === undefined || (record.uuid === stamp.uuid && stamp.epoch >= record.epoch);
}
