import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { ChunkId, Entry } from "../../../core/tree/entry.ts";
import type { ChunkLocation } from "../../../image/chunk-index/chunk-index.ts";
import { sha256 } from "../../../image/chunker/decode-block.ts";
import { ObjectMissingError } from "../../../image/errors.ts";
import type { Codec } from "../../../image/format/pack.ts";
import type { ImageId } from "../../../image/store/image-names.ts";
import type { DirectoryEntry } from "../wire/index-part.ts";

/** A chunk of a frame, and the first place in the tree where it goes; no place where the image's files do not need it. */
export interface PlacedChunk {
  readonly id: ChunkId;
  readonly lengthBytes: number;
  readonly path?: TreePath;
  readonly position: number;
}

/**
 * What a node knows of a session's image: the index as it was signed and as parts, which chunk comes in which frame, and where it goes.
 *
 * Lies on disk, so that its memory does not grow with the image; nothing in it outlives the session.
 */
export class NodeIndex implements Disposable {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #part: StatementSync;
  readonly #insertChunk: StatementSync;
  readonly #place: StatementSync;

  /** Opens an index at `path`, empty: what is left of an earlier one is thrown away. */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000;
      CREATE TABLE signed (frame INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
      CREATE TABLE part (id BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
      CREATE TABLE frame (number INTEGER PRIMARY KEY, codec INTEGER NOT NULL, plain INTEGER NOT NULL);
      CREATE TABLE chunk (id BLOB PRIMARY KEY, frame INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
        file INTEGER, position INTEGER) WITHOUT ROWID;
      CREATE TABLE held (frame INTEGER NOT NULL, offset INTEGER NOT NULL, id BLOB NOT NULL, length INTEGER NOT NULL,
        PRIMARY KEY (frame, offset)) WITHOUT ROWID;
      CREATE TABLE file (number INTEGER PRIMARY KEY, path BLOB NOT NULL)`);
    this.#find = this.#database.prepare("SELECT frame, offset, length FROM chunk WHERE id = ?");
    this.#part = this.#database.prepare("SELECT bytes FROM part WHERE id = ?");
    this.#insertChunk = this.#database.prepare(
      "INSERT OR IGNORE INTO chunk (id, frame, offset, length) VALUES (?, ?, ?, ?)",
    );
    this.#place = this.#database.prepare(
      "UPDATE chunk SET file = ?, position = ? WHERE id = ? AND length = ? AND file IS NULL RETURNING frame",
    );
  }

  /** Keeps an opened frame of the index, signature and all. */
  keepSigned(frame: number, bytes: Uint8Array): void {
    this.#database.prepare("INSERT OR REPLACE INTO signed VALUES (?, ?)").run(frame, bytes);
  }

  signed(frame: number): Buffer | undefined {
    const row = this.#database.prepare("SELECT bytes FROM signed WHERE frame = ?").get(frame);
    return row && Buffer.from(row["bytes"] as Uint8Array);
  }

  /** Keeps the manifest, a segment, or a piece of the top table. */
  addPart(bytes: Uint8Array): void {
    this.#database.prepare("INSERT OR IGNORE INTO part VALUES (?, ?)").run(sha256(bytes), bytes);
  }

  /** All that was kept, in no order. */
  *parts(): Generator<{ readonly id: Buffer; readonly bytes: Buffer }> {
    for (const row of this.#database.prepare("SELECT id, bytes FROM part").iterate())
      yield { id: Buffer.from(row["id"] as Uint8Array), bytes: Buffer.from(row["bytes"] as Uint8Array) };
  }

  /** @throws {ObjectMissingError} */
  part(id: ChunkId | ImageId): Buffer {
    const row = this.#part.get(Buffer.from(id, "hex"));
    if (row === undefined) throw new ObjectMissingError(`part ${id} of the index`);
    return Buffer.from(row["bytes"] as Uint8Array);
  }

  /** Notes the blocks of a directory as frames from `first` on. */
  addFrames(first: number, blocks: readonly DirectoryEntry[]): void {
    const insertFrame = this.#database.prepare("INSERT INTO frame VALUES (?, ?, ?)");
    const insertHeld = this.#database.prepare("INSERT INTO held VALUES (?, ?, ?, ?)");
    this.#inOne(() => {
      for (const [at, { codec, chunkIds, chunkLengths }] of blocks.entries()) {
        let offset = 0;
        for (const [index, length] of chunkLengths.entries()) {
          const id = chunkIds.subarray(index * 32, index * 32 + 32);
          this.#insertChunk.run(id, first + at, offset, length);
          insertHeld.run(first + at, offset, id, length);
          offset += length;
        }
        insertFrame.run(first + at, codec, offset);
      }
    });
  }

  /** Notes where the chunks of files go. Returns the frames in which those come that had no place yet. */
  placeFiles(files: readonly (Entry & { kind: "file" })[], firstNumber: number): Set<number> {
    const frames = new Set<number>();
    const insertFile = this.#database.prepare("INSERT INTO file VALUES (?, ?)");
    this.#inOne(() => {
      for (const [at, { path, pieces }] of files.entries()) {
        insertFile.run(firstNumber + at, Buffer.from(path, "latin1"));
        let position = 0;
        for (const piece of pieces) {
          if (piece.kind === "chunk") {
            const id = Buffer.from(piece.id, "hex");
            const row = this.#place.get(firstNumber + at, position, id, piece.lengthBytes);
            if (row !== undefined) frames.add(row["frame"] as number);
          }
          position += piece.lengthBytes;
        }
      }
    });
    return frames;
  }

  /** @throws {ObjectMissingError} If no frame brings the chunk. */
  find(id: ChunkId, lengthBytes: number): ChunkLocation {
    const row = this.#find.get(Buffer.from(id, "hex"));
    if (row === undefined || row["length"] !== lengthBytes) throw new ObjectMissingError(`chunk ${id}`);
    return { block: row["frame"] as number, offset: row["offset"] as number, lengthBytes };
  }

  /** What the plain bytes of a frame are; undefined where no directory names it. */
  frame(number: number): { readonly codec: Codec; readonly plainBytes: number } | undefined {
    const row = this.#database.prepare("SELECT codec, plain FROM frame WHERE number = ?").get(number);
    return row && { codec: row["codec"] as Codec, plainBytes: row["plain"] as number };
  }

  /** The chunks of a frame in order. */
  chunksOf(frame: number): PlacedChunk[] {
    const select = `SELECT held.id AS id, held.length AS length, file.path AS path, chunk.position AS position FROM held
      JOIN chunk ON chunk.id = held.id LEFT JOIN file ON file.number = chunk.file WHERE held.frame = ? ORDER BY held.offset`;
    return this.#database
      .prepare(select)
      .all(frame)
      .map((row) => ({
        id: Buffer.from(row["id"] as Uint8Array).toString("hex") as ChunkId,
        lengthBytes: row["length"] as number,
        position: (row["position"] as number | null) ?? 0,
        ...(row["path"] !== null && { path: Buffer.from(row["path"] as Uint8Array).toString("latin1") as TreePath }),
      }));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #inOne(work: () => void): void {
    this.#database.exec("BEGIN");
    work();
    this.#database.exec("COMMIT");
  }
}
