import { randomBytes } from "node:crypto";
import { RehomeError } from "../../core/errors.ts";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { FormatInvalidError, SessionLapsedError } from "../errors.ts";
import { readAll } from "../blob-store/read-all.ts";
import { openSealedObject, sealObject } from "../format/sealed-object.ts";

/** A `condemned/ID` object: what a prune means to delete (`docs/format/image.md` section 3.3). */
export interface Condemnation {
  readonly id: string;
  readonly condemnedAt: string;
  readonly packs: readonly string[];
  readonly images: readonly string[];
  readonly waitsFor: readonly string[] | null;
}

/** Puts a new condemnation that waits for nobody yet; durable on return. */
export async function condemn(blobs: BlobStore, what: Pick<Condemnation, "packs" | "images">): Promise<Condemnation> {
  const record = {
    id: randomBytes(16).toString("hex"),
    condemnedAt: new Date().toISOString(),
    ...what,
    waitsFor: null,
  };
  await blobs.put(`condemned/${record.id}.0`, [sealObject("condemned", record)]);
  return record;
}

/** Names the sessions that a condemnation waits for; durable on return. */
export async function settleCondemnation(
  blobs: BlobStore,
  record: Condemnation,
  waitsFor: readonly string[],
): Promise<Condemnation> {
  const settled = { ...record, waitsFor };
  await blobs.put(`condemned/${record.id}.1`, [sealObject("condemned", settled)]);
  await blobs.delete(`condemned/${record.id}.0`);
  return settled;
}

/** Ends a condemnation. */
export async function endCondemnation(blobs: BlobStore, id: string): Promise<void> {
  await blobs.delete(`condemned/${id}.0`);
  await blobs.delete(`condemned/${id}.1`);
}

/**
 * Reads a `condemned/ID.N` object.
 *
 * @throws {ObjectDamagedError} @throws {FormatUnknownError}
 * @throws {FormatInvalidError} If it is none, or names what cannot be condemned.
 */
export function openCondemnation(bytes: Uint8Array, key: string): Condemnation {
  const record = openSealedObject("condemned", bytes, key) as Partial<Condemnation> | null;
  const isList = (list: unknown, pattern: RegExp): boolean =>
    Array.isArray(list) && list.every((id) => typeof id === "string" && pattern.test(id));
  if (
    typeof record !== "object" ||
    record === null ||
    !/^[0-9a-f]{32}$/.test(record.id ?? "") ||
    !key.startsWith(`condemned/${record.id}.`) ||
    !isList(record.packs, /^[0-9a-f]{64}$/) ||
    !isList(record.images, /^[0-9a-f]{64}$/) ||
    (record.waitsFor !== null && !isList(record.waitsFor, /^[0-9a-f]{32}$/))
  )
    throw new FormatInvalidError(key, "it does not say what is condemned");
  return record as Condemnation;
}

/**
 * Reads all condemnations.
 *
 * @param skipDamaged Leaves out those that cannot be read.
 * @throws {ObjectDamagedError} @throws {FormatInvalidError}
 */
export async function readCondemnations(blobs: BlobStore, skipDamaged = false): Promise<Condemnation[]> {
  const found = new Map<string, Condemnation>();
  for (const { key, bytes } of await readAll(blobs, "condemned/"))
    try {
      const record = openCondemnation(bytes, key);
      if (record.waitsFor !== null || !found.has(record.id)) found.set(record.id, record);
    } catch (error) {
      if (!skipDamaged || !(error instanceof RehomeError)) throw error;
    }
  return [...found.values()];
}

/** The packs in any of `records`. */
export function condemnedPacks(records: readonly Condemnation[]): Set<string> {
  return new Set(records.flatMap((record) => record.packs));
}

/**
 * A writer's last look before it publishes.
 *
 * @throws {SessionLapsedError} If a prune that did not wait for this session condemned something since `before`.
 */
export function assertNotGivenUp(
  before: readonly Condemnation[],
  now: readonly Condemnation[],
  sessionId: string,
): void {
  const known = new Set(before.map((record) => record.id));
  for (const record of now)
    if (!known.has(record.id) && record.waitsFor !== null && !record.waitsFor.includes(sessionId))
      throw new SessionLapsedError();
}
