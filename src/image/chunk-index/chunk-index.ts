import { mkdirSync, rmSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { IndexDamagedError } from "../errors.ts";
import type { BlockEntry, BlockId, Codec, PackId } from "../format/pack.ts";

/** Where a chunk lies: in a block of a pack. `block` is this index' own number for it. */
export interface ChunkLocation {
  readonly block: number;
  readonly offset: number;
  readonly lengthBytes: number;
}

/** A block and the pack it lies in. */
export interface BlockLocation {
  readonly block: number;
  readonly blockId: BlockId;
  readonly pack: PackId;
  readonly offset: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
  readonly codec: Codec;
}

/** Block, offset and length. */
type ChunkRow = readonly [number, number, number];

const schemaVersion = 3;

/**
 * Which chunk lies in which block of which pack of a store: a cache on disk, made from the packs' footers and thrown away
 * when in doubt. Nothing in it is needed to read the store.
 *
 * Invariants: one row a chunk and block; a pack is in it whole or not at all; numbers of packs and blocks are never used
 * again. Several processes and threads may have it open (SQLite, WAL). Which packs are condemned each of them keeps for itself,
 * as it found them after its own session began: that is what makes relying on the others safe.
 */
export class ChunkIndex implements Disposable {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #packsOf: StatementSync;
  #condemned: ReadonlySet<number> = new Set();
  readonly #block: StatementSync;
  readonly #packOfBlock: StatementSync;
  /** A read transaction is open, until the event loop turns. */
  #isReading = false;

  /** Opens the index at `path`, made anew if it is absent, unreadable or of another version. */
  static open(path: string): ChunkIndex {
    mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    try {
      return new ChunkIndex(path);
    } catch (error) {
      if (sqliteCode(error) !== codeBusy) removeFiles(path);
      return new ChunkIndex(path);
    }
  }

  private constructor(path: string) {
    this.path = path;
    this.#database = new DatabaseSync(path, { timeout: 60_000 });
    this.#database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4000; PRAGMA temp_store = FILE",
    );
    this.#prepareSchema();
    this.#find = this.#database.prepare("SELECT block, offset, length FROM chunk WHERE id = ?");
    this.#find.setReturnArrays(true);
    this.#packsOf = this.#database.prepare(
      "SELECT block.pack FROM chunk JOIN block ON block.id = chunk.block WHERE chunk.id = ?",
    );
    this.#packsOf.setReturnArrays(true);
    this.#packOfBlock = this.#database.prepare(
      "SELECT pack.id, pack.name FROM pack JOIN block ON block.pack = pack.id WHERE block.id = ?",
    );
    this.#block = this.#database.prepare(
      `SELECT block.id, block.hash, pack.name, block.offset, block.stored, block.plain, block.codec
       FROM block JOIN pack ON pack.id = block.pack WHERE block.id = ?`,
    );
  }

  #prepareSchema(): void {
    const version = this.#database.prepare("PRAGMA user_version").get()?.["user_version"];
    if (version === schemaVersion) return;
    if (version !== 0) throw new RangeError(`cannot use a chunk index of version ${String(version)}`);
    this.#database.exec(`BEGIN IMMEDIATE;
      CREATE TABLE IF NOT EXISTS pack (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS block (id INTEGER PRIMARY KEY AUTOINCREMENT, pack INTEGER NOT NULL, hash BLOB NOT NULL, offset INTEGER NOT NULL,
        stored INTEGER NOT NULL, plain INTEGER NOT NULL, codec INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS block_pack ON block (pack);
      CREATE TABLE IF NOT EXISTS chunk (id BLOB NOT NULL, block INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
        PRIMARY KEY (id, block)) WITHOUT ROWID;
      PRAGMA user_version = ${schemaVersion}; COMMIT`);
  }

  /** Says whether a pack that is not condemned holds the chunk (32 bytes). */
  has(chunk: Uint8Array): boolean {
    const rows = this.#guard(() => this.#packsOf.all(chunk)) as unknown as (readonly [number])[];
    return rows.some(([pack]) => !this.#condemned.has(pack));
  }

  /**
   * Finds a chunk. Where there is a choice: in a pack that is not condemned, and of several in the one whose name comes first,
   * so that prunes on different hosts keep the same copy. What others changed meanwhile may be seen only once the event loop has
   * turned.
   */
  find(chunk: Uint8Array): ChunkLocation | undefined {
    const rows = this.#guard(() => {
      this.#beginReading();
      return this.#find.all(chunk);
    }) as unknown as ChunkRow[];
    const row = rows.length > 1 ? this.#guard(() => this.#choose(rows)) : rows[0];
    return row === undefined ? undefined : { block: row[0], offset: row[1], lengthBytes: row[2] };
  }

  #choose(rows: readonly ChunkRow[]): ChunkRow | undefined {
    const ranked = rows.map((row) => {
      const pack = this.#packOfBlock.get(row[0]);
      return { row, rank: `${this.#condemned.has(pack?.["id"] as number) ? "b" : "a"}${String(pack?.["name"])}` };
    });
    return ranked.toSorted((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : a.row[0] - b.row[0]))[0]?.row;
  }

  /** Describes a block that {@link find} or {@link blocksOf} named. */
  block(block: number): BlockLocation | undefined {
    const row = this.#guard(() => this.#block.get(block));
    return row === undefined
      ? undefined
      : {
          block: row["id"] as number,
          blockId: Buffer.from(row["hash"] as Uint8Array).toString("hex") as BlockId,
          pack: row["name"] as PackId,
          offset: row["offset"] as number,
          storedBytes: row["stored"] as number,
          plainBytes: row["plain"] as number,
          codec: row["codec"] as Codec,
        };
  }

  /** The packs it knows. */
  packs(): Map<PackId, { readonly sizeBytes: number }> {
    this.#endReading();
    const rows = this.#guard(() => this.#database.prepare("SELECT name, size FROM pack").all());
    return new Map(rows.map((row) => [row["name"] as PackId, { sizeBytes: row["size"] as number }]));
  }

  /** The blocks of a pack, in order. */
  blocksOf(pack: PackId): { readonly block: number; readonly storedBytes: number; readonly plainBytes: number }[] {
    const select =
      "SELECT block.id, block.stored, block.plain FROM block JOIN pack ON pack.id = block.pack WHERE pack.name = ? ORDER BY block.id";
    return this.#guard(() => this.#database.prepare(select).all(pack)).map((row) => ({
      block: row["id"] as number,
      storedBytes: row["stored"] as number,
      plainBytes: row["plain"] as number,
    }));
  }

  /** Highest number of a block so far; numbers begin at 1. */
  get lastBlock(): number {
    return (this.#database.prepare("SELECT max(id) AS last FROM block").get()?.["last"] as number | null) ?? 0;
  }

  /** Counts of all chunks and their plain bytes. */
  totals(): { readonly chunks: number; readonly plainBytes: number } {
    const select = "SELECT count(*) AS chunks, sum(length) AS bytes FROM (SELECT length FROM chunk GROUP BY id)";
    const row = this.#guard(() => this.#database.prepare(select).get());
    return { chunks: (row?.["chunks"] as number) ?? 0, plainBytes: (row?.["bytes"] as number | null) ?? 0 };
  }

  /** Says whether no chunk is known. */
  get isEmpty(): boolean {
    return this.#database.prepare("SELECT 1 FROM pack LIMIT 1").get() === undefined;
  }

  /** Takes a pack in, whole; nothing if it is known. */
  addPack(pack: PackId, sizeBytes: number, blocks: readonly BlockEntry[]): void {
    const insertPack = this.#database.prepare("INSERT OR IGNORE INTO pack (name, size) VALUES (?, ?)");
    const insertBlock = this.#database.prepare(
      "INSERT INTO block (pack, hash, offset, stored, plain, codec) VALUES (?, ?, ?, ?, ?, ?)",
    );
    const insertChunk = this.#database.prepare(
      "INSERT OR IGNORE INTO chunk (id, block, offset, length) VALUES (?, ?, ?, ?)",
    );
    this.#transaction(() => {
      const { changes, lastInsertRowid: packRow } = insertPack.run(pack, sizeBytes);
      if (changes === 0) return;
      for (const block of blocks) {
        const row = insertBlock.run(
          packRow,
          Buffer.from(block.id, "hex"),
          block.offset,
          block.storedBytes,
          block.plainBytes,
          block.codec,
        ).lastInsertRowid;
        let offset = 0;
        block.chunkLengths.forEach((lengthBytes, at) => {
          insertChunk.run(block.chunkIds.subarray(at * 32, at * 32 + 32), row, offset, lengthBytes);
          offset += lengthBytes;
        });
      }
    });
  }

  /** Forgets packs and what is in them: one pass over all chunks, however many packs. */
  removePacks(packs: Iterable<string>): void {
    this.#transaction(() => {
      this.#database.exec("CREATE TEMP TABLE doomed (pack INTEGER PRIMARY KEY)");
      const doom = this.#database.prepare("INSERT INTO doomed SELECT id FROM pack WHERE name = ?");
      let count = 0;
      for (const pack of packs) count += Number(doom.run(pack).changes);
      if (count > 0)
        this.#database.exec(`DELETE FROM chunk WHERE block IN (SELECT id FROM block WHERE pack IN doomed);
          DELETE FROM block WHERE pack IN doomed; DELETE FROM pack WHERE id IN doomed`);
      this.#database.exec("DROP TABLE doomed");
    });
  }

  /** From now on `has` does not count these packs, and `find` avoids them. For this object alone. */
  setCondemned(packs: Iterable<string>): void {
    const find = this.#database.prepare("SELECT id FROM pack WHERE name = ?");
    const rows = [...packs].map((pack) => find.get(pack)?.["id"] as number | undefined);
    this.#condemned = new Set(rows.filter((row) => row !== undefined));
  }

  [Symbol.dispose](): void {
    this.#isReading = false;
    this.#database.close();
  }

  /** Several lookups in one transaction take a third of the time: SQLite's locks are system calls. */
  #beginReading(): void {
    if (this.#isReading) return;
    this.#database.exec("BEGIN");
    this.#isReading = true;
    setImmediate(() => this.#endReading());
  }

  #endReading(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    if (this.#database.isTransaction) this.#database.exec("COMMIT");
  }

  #transaction(work: () => void): void {
    this.#endReading();
    this.#guard(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        work();
        this.#database.exec("COMMIT");
      } catch (error) {
        // SQLite has done so itself after some failures.
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  /** Does `work`; when the database turns out to be damaged it is removed, so that the next one to open it makes it anew. */
  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      const code = sqliteCode(error);
      if (code !== codeCorrupt && code !== codeNoDatabase) throw error;
      removeFiles(this.path);
      throw new IndexDamagedError(this.path, { cause: error });
    }
  }
}

const codeBusy = 5;
const codeCorrupt = 11;
const codeNoDatabase = 26;

/** The primary result code of a failure of SQLite. */
function sqliteCode(error: unknown): number | undefined {
  const { errcode } = error as { readonly errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : undefined;
}

function removeFiles(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}
