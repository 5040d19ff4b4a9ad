import { randomBytes } from "node:crypto";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { readAll } from "../blob-store/read-all.ts";
import { FormatInvalidError, ObjectDamagedError, SessionLapsedError } from "../errors.ts";
import { openSealedObject, sealObject } from "../format/sealed-object.ts";

/** Who holds a session; enough to see on the same host whether that process still lives. */
export interface SessionOwner {
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: number;
  readonly startTicks: number;
}

/** Tells processes of this host apart. */
export interface ProcessProbe {
  self(): SessionOwner;
  /** False when the owner is of this host, boot and pid namespace and has ended; true when it lives; undefined when that cannot be told. */
  isAlive(owner: SessionOwner): boolean | undefined;
}

/** A `sessions/ID.N` object (`docs/format/image.md` section 3.2). */
export interface SessionRecord {
  readonly id: string;
  readonly sequence: number;
  readonly renewedAt: string;
  readonly graceMs: number;
  readonly owner: SessionOwner;
  readonly images: readonly string[];
  readonly purpose: string;
}

/** How long a session lives without being renewed. */
export const sessionGraceMs: number = 60 * 60 * 1000;

/**
 * A published session. It renews itself while it is open.
 *
 * Invariants: from `begin` to the end at least one object of it is in the store, unless others took it for dead; once that
 * may be so it never comes to life again, also when its process had only slept; changes of it happen one after the other.
 */
export class Session implements AsyncDisposable {
  readonly id: string = randomBytes(16).toString("hex");
  readonly #blobs: BlobStore;
  readonly #owner: SessionOwner;
  readonly #purpose: string;
  readonly #timer: NodeJS.Timeout;
  #images: readonly string[];
  #sequence = -1;
  /** Objects that may be in the store, the newest last. */
  #keys: readonly string[] = [];
  #renewedAtMs = 0;
  #lapsed = false;
  #last: Promise<unknown> = Promise.resolve();

  /** Publishes a session that needs `images`; durable on return. */
  static async begin(
    blobs: BlobStore,
    probe: ProcessProbe,
    purpose: string,
    images: readonly string[],
  ): Promise<Session> {
    const session = new Session(blobs, probe.self(), purpose, images);
    try {
      await session.#put();
      return session;
    } catch (error) {
      clearInterval(session.#timer);
      throw error;
    }
  }

  private constructor(blobs: BlobStore, owner: SessionOwner, purpose: string, images: readonly string[]) {
    this.#blobs = blobs;
    this.#owner = owner;
    this.#purpose = purpose;
    this.#images = images;
    this.#timer = setInterval(() => {
      // One that fails is tried again in time; one that was too late is found by `assertLive`.
      this.#inTurn(() => this.#renew()).catch(() => undefined);
    }, sessionGraceMs / 12);
    this.#timer.unref();
  }

  /** Adds to what the session needs; durable on return. @throws {SessionLapsedError} */
  need(images: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      this.#images = [...new Set([...this.#images, ...images])];
      await this.#renew();
    });
  }

  /** @throws {SessionLapsedError} If others may take this session for dead, or have done so and removed its object. */
  assertLive(): Promise<void> {
    return this.#inTurn(() => this.#assertLive());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#inTurn(() => this.#deleteBut(undefined));
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #assertLive(): Promise<void> {
    this.#lapsed ||= Date.now() - this.#renewedAtMs > sessionGraceMs * 0.9;
    this.#lapsed ||= !(await this.#has(this.#keys.at(-1) ?? ""));
    if (this.#lapsed) throw new SessionLapsedError();
  }

  async #renew(): Promise<void> {
    const before = this.#keys.at(-1) ?? "";
    await this.#assertLive();
    await this.#put();
    // Whoever takes a session for dead removes what it saw, then looks again: one of the two notices the other.
    this.#lapsed = !(await this.#has(before));
    await this.#deleteBut(this.#lapsed ? undefined : this.#keys.at(-1));
    if (this.#lapsed) throw new SessionLapsedError();
  }

  async #has(key: string): Promise<boolean> {
    return (await this.#blobs.get(key, { offset: 0, lengthBytes: 1 })) !== undefined;
  }

  async #put(): Promise<void> {
    const now = Date.now();
    this.#sequence += 1;
    const record: SessionRecord = {
      id: this.id,
      sequence: this.#sequence,
      renewedAt: new Date(now).toISOString(),
      graceMs: sessionGraceMs,
      owner: this.#owner,
      images: this.#images,
      purpose: this.#purpose,
    };
    const key = `sessions/${this.id}.${this.#sequence}`;
    try {
      await this.#blobs.put(key, [sealObject("session", record)]);
    } catch (error) {
      // It may be there all the same, so it is deleted with the others.
      this.#keys = [key, ...this.#keys];
      throw error;
    }
    this.#keys = [...this.#keys, key];
    this.#renewedAtMs = now;
  }

  async #deleteBut(kept: string | undefined): Promise<void> {
    for (const key of this.#keys) if (key !== kept) await this.#blobs.delete(key);
    this.#keys = kept === undefined ? [] : [kept];
  }
}

/** A session found in a store. A damaged one counts as live, since nobody can tell what it protects. */
export interface FoundSession {
  readonly id: string;
  readonly keys: readonly string[];
  readonly images: readonly string[];
  readonly lapsed: boolean;
  readonly record?: SessionRecord;
}

/** Lists the sessions in a store, each once, judged at this moment. */
export async function findSessions(blobs: BlobStore, probe: ProcessProbe): Promise<FoundSession[]> {
  const found = new Map<string, { keys: string[]; records: SessionRecord[] }>();
  for (const { key, bytes } of await readAll(blobs, "sessions/")) {
    const id = key.slice("sessions/".length).replace(/\.\d+$/, "");
    const session = found.get(id) ?? { keys: [], records: [] };
    session.keys.push(key);
    const record = readSession(bytes, key);
    if (record) session.records.push(record);
    found.set(id, session);
  }
  return [...found].map(([id, { keys, records }]) => {
    const newest = records.toSorted((a, b) => b.sequence - a.sequence)[0];
    return {
      id,
      keys,
      images: records.flatMap((record) => record.images),
      lapsed: newest !== undefined && records.length === keys.length && hasLapsed(newest, probe),
      ...(newest && { record: newest }),
    };
  });
}

function hasLapsed(record: SessionRecord, probe: ProcessProbe): boolean {
  return probe.isAlive(record.owner) === false || Date.now() > Date.parse(record.renewedAt) + record.graceMs;
}

function readSession(bytes: Buffer, key: string): SessionRecord | undefined {
  try {
    return openSession(bytes, key);
  } catch (error) {
    if (error instanceof ObjectDamagedError || error instanceof FormatInvalidError) return undefined;
    throw error;
  }
}

/**
 * Reads a `sessions/ID.N` object.
 *
 * @throws {ObjectDamagedError} @throws {FormatUnknownError}
 * @throws {FormatInvalidError} If it does not say how long it lives, whose it is and what it needs.
 */
export function openSession(bytes: Uint8Array, key: string): SessionRecord {
  const record = openSealedObject("session", bytes, key) as Partial<SessionRecord> | null;
  if (
    key !== `sessions/${record?.id}.${record?.sequence}` ||
    !Number.isFinite(Date.parse(record?.renewedAt ?? "")) ||
    !Number.isFinite(record?.graceMs) ||
    typeof record?.owner?.host !== "string" ||
    typeof record.purpose !== "string" ||
    !Array.isArray(record.images) ||
    !record.images.every((image) => typeof image === "string" && /^[0-9a-f]{64}$/.test(image))
  )
    throw new FormatInvalidError(key, "it does not say what a session says");
  return record as SessionRecord;
}
