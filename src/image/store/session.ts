import { randomBytes } from "node:crypto";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { readAll } from "../blob-store/read-all.ts";
import { ObjectDamagedError, SessionLapsedError } from "../errors.ts";
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
 * Invariants: at every moment at least one object of it is in the store; `assertLive` throws once the grace has passed
 * since the last renewal that worked.
 */
export class Session implements AsyncDisposable {
  readonly id: string;
  readonly #blobs: BlobStore;
  readonly #owner: SessionOwner;
  readonly #purpose: string;
  readonly #timer: NodeJS.Timeout;
  #images: readonly string[];
  #sequence = 0;
  #renewedAtMs = Date.now();
  #renewing: Promise<void> = Promise.resolve();

  /** Publishes a session that needs `images`; durable on return. */
  static async begin(
    blobs: BlobStore,
    probe: ProcessProbe,
    purpose: string,
    images: readonly string[],
  ): Promise<Session> {
    const session = new Session(blobs, probe.self(), purpose, images);
    await session.#put();
    return session;
  }

  private constructor(blobs: BlobStore, owner: SessionOwner, purpose: string, images: readonly string[]) {
    this.id = randomBytes(16).toString("hex");
    this.#blobs = blobs;
    this.#owner = owner;
    this.#purpose = purpose;
    this.#images = images;
    this.#timer = setInterval(() => {
      this.#renewing = this.#renewing.then(() => this.#renew()).catch(() => undefined);
    }, sessionGraceMs / 12);
    this.#timer.unref();
  }

  /** Adds to what the session needs; durable on return. */
  async need(images: readonly string[]): Promise<void> {
    await this.#renewing;
    this.#images = [...new Set([...this.#images, ...images])];
    await this.#renew();
  }

  /** @throws {SessionLapsedError} If others may take this session for dead. */
  assertLive(): void {
    if (Date.now() - this.#renewedAtMs > sessionGraceMs * 0.9) throw new SessionLapsedError();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
    await this.#blobs.delete(sessionKey(this.id, this.#sequence));
  }

  async #renew(): Promise<void> {
    const before = this.#sequence;
    this.#sequence += 1;
    await this.#put();
    await this.#blobs.delete(sessionKey(this.id, before));
  }

  async #put(): Promise<void> {
    const now = Date.now();
    const record: SessionRecord = {
      id: this.id,
      sequence: this.#sequence,
      renewedAt: new Date(now).toISOString(),
      graceMs: sessionGraceMs,
      owner: this.#owner,
      images: this.#images,
      purpose: this.#purpose,
    };
    await this.#blobs.put(sessionKey(this.id, this.#sequence), [sealObject("session", record)]);
    this.#renewedAtMs = now;
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
    const record = openSealedObject("session", bytes, key) as SessionRecord;
    const usable =
      typeof record.id === "string" && Array.isArray(record.images) && Number.isFinite(Date.parse(record.renewedAt));
    return usable && typeof record.owner === "object" ? record : undefined;
  } catch (error) {
    if (error instanceof ObjectDamagedError) return undefined;
    throw error;
  }
}

function sessionKey(id: string, sequence: number): string {
  return `sessions/${id}.${sequence}`;
}
