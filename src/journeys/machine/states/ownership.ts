import { RehomeError } from "../../../core/errors.ts";
import type { DetachedMachine } from "../detached/detached-manifest.ts";
import type { OwnerStamp } from "./owner-stamp.ts";
import type { MachineRecord } from "./machine-record.ts";

/** This site does not own the machine, or what it holds is an old copy of it. */
export class NotOwnerError extends RehomeError {
  override readonly name = "NotOwnerError";
  readonly code = "MACHINE_NOT_OWNED";
  readonly machine: string;

  constructor(machine: string, message: string, remedy: string) {
    super(message, remedy);
    this.machine = machine;
  }
}

/**
 * Asserts that `site` may start or clone a machine. One that rehome never had to do with belongs to where it lies.
 *
 * @throws {NotOwnerError}
 */
export function assertOwned(action: string, record: MachineRecord | undefined, site: string): void {
  if (record === undefined || record.owner === site) return;
  const { name, owner, movedTo } = record;
  if (owner === undefined)
    throw new NotOwnerError(
      name,
      `cannot ${action} ${name}: it is detached, nobody owns it until it is attached`,
      `rehome machine attach ${name}`,
    );
  throw new NotOwnerError(
    name,
    `cannot ${action} ${name}: it is owned by ${movedTo ?? `site ${owner}`}`,
    `Use it there. If that site is lost for good: rehome machine reclaim ${name} --target-is-lost`,
  );
}

/**
 * Asserts that a machine which is on no record is not a copy of one that somebody owns: both would say that they are it.
 *
 * @throws {NotOwnerError}
 */
export function assertNoCopy(
  action: string,
  { name, uuid }: Pick<MachineRecord, "name" | "uuid">,
  records: readonly MachineRecord[],
): void {
  const original = records.find((known) => known.uuid === uuid && known.name !== name && known.owner !== undefined);
  if (original === undefined) return;
  throw new NotOwnerError(
    name,
    `cannot ${action} ${name}: it is a copy of ${original.name}, with the same UUID`,
    `Make a machine of its own of it: rehome machine clone ${name} NEW`,
  );
}

/**
 * Asserts that a detached machine may be attached by `site`, which knows `records`: no copy of it has a higher epoch, and
 * none with the same epoch belongs to somebody.
 *
 * @throws {NotOwnerError}
 */
export function assertAttachable(
  { name, uuid, epoch }: Pick<DetachedMachine, "name" | "uuid" | "epoch">,
  records: readonly MachineRecord[],
): void {
  for (const record of records.filter((known) => known.uuid === uuid)) {
    if (record.epoch > epoch)
      throw new NotOwnerError(
        name,
        `cannot attach ${name}: this copy has epoch ${epoch}, and the machine has gone on to ${record.epoch}`,
        "Remove the old copy; the machine itself is where it was attached last.",
      );
    if (record.owner !== undefined)
      throw new NotOwnerError(
        name,
        `cannot attach ${name}: it is owned by ${record.movedTo ?? `site ${record.owner}`}`,
        `Detach it there. If that site is lost for good: rehome machine reclaim ${name} --target-is-lost`,
      );
  }
}

/** The record of a machine that was detached, or created and not attached: nobody's, until someone attaches it. */
export function recordDetached({ owner: _owner, ...record }: MachineRecord): MachineRecord {
  return { ...record, mark: "configured" };
}

/**
 * The record of a machine that `site` takes from one that is lost: its epoch is above all that is known of it. One that
 * was never attached here is owned by nobody until it is, so that it is validated.
 */
export function recordReclaimed(
  { movedTo: _movedTo, mark, owner: _owner, ...known }: MachineRecord,
  stamp: OwnerStamp | undefined,
  { site, hasTree }: { readonly site: string; readonly hasTree: boolean },
): MachineRecord {
  const epoch = Math.max(known.epoch, stamp?.uuid === known.uuid ? stamp.epoch : 0) + 1;
  const isConfigured = !hasTree || mark === "configured";
  return { ...known, epoch, ...(isConfigured ? { mark: "configured" } : { owner: site }) };
}

/** The record of a machine that `site` takes: a new owner is a new epoch. */
export function recordAttached(
  { name, uuid, epoch, image }: Pick<DetachedMachine, "name" | "uuid" | "epoch" | "image">,
  site: string,
): MachineRecord {
  return { name, uuid, owner: site, epoch: epoch + 1, ...(image !== undefined && { image }) };
}
