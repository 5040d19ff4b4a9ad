import { RehomeError } from "../../../core/errors.ts";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import { removeOwnerShift } from "../../../core/tree/owner-shift.ts";
import type { InodeStat, TreeReader } from "../../../core/tree/tree-reader.ts";
import { ByteWriter } from "../../../image/format/byte-writer.ts";
import { writeHolePiece, writeMetadata } from "../../../image/format/record.ts";
import type { CapturePorts } from "../ports.ts";
import type { SharedDirectory } from "../../tree/walk.ts";
import type { BatchSender } from "./batch-sender.ts";
import type { FileOutcome } from "./file-batch.ts";
import { findFileParts } from "./file-parts.ts";

const readings = 4;

/** Takes what became of a long file, and the body of its record. */
export type TakeLongFile = (outcome: FileOutcome, body: Uint8Array) => void;

/**
 * Reads files longer than a span: each extent within a span goes to the pool on its own, and the body of the record is put
 * together here. One that changed meanwhile is read again from the start, a few times.
 */
export class LongFiles {
  readonly #tree: TreeReader;
  readonly #isVanished: (error: unknown) => boolean;
  readonly #sender: BatchSender;
  readonly #ownerShift: number;
  readonly #onBytes: (bytes: number) => void;
  readonly #out = new ByteWriter();

  constructor(
    { tree, isVanished }: Pick<CapturePorts, "tree" | "isVanished">,
    sender: BatchSender,
    ownerShift: number,
    onBytes: (bytes: number) => void,
  ) {
    this.#tree = tree;
    this.#isVanished = isVanished;
    this.#sender = sender;
    this.#ownerShift = ownerShift;
    this.#onBytes = onBytes;
  }

  /** Sends a file's parts; returns when all are taken. `take` is called once, when all are read or the file is given up. */
  async read(directory: SharedDirectory, name: ByteString, take: TakeLongFile, reading = 1): Promise<void> {
    directory.retain();
    const pieces: (Uint8Array | undefined)[] = [];
    let waiting = 1;
    let asWalked = true;
    let dataBytes = 0;
    let outsideRange = false;
    let trouble: FileOutcome | undefined;
    const finish = (): Promise<void> | undefined => {
      if (--waiting > 0) return undefined;
      if (trouble === undefined && !asWalked && reading < readings)
        return this.read(directory, name, take, reading + 1).finally(() => directory.release());
      directory.release();
      const read = {
        kind: "read",
        end: 0,
        asWalked: asWalked && reading === 1,
        unstable: !asWalked,
        dataBytes,
        outsideRange,
      } as const;
      take(trouble ?? read, Buffer.concat(pieces.filter((piece) => piece !== undefined)));
      return undefined;
    };
    try {
      const stat = this.#tree.stat(directory.file, name);
      const head = this.#encodeHead(directory, name, stat);
      outsideRange = head.outside;
      pieces.push(head.bytes);
      for (const { kind, offset, lengthBytes } of findFileParts(this.#tree, directory.file, name, stat)) {
        if (kind === "hole") {
          pieces.push(this.#encodeHole(lengthBytes));
          continue;
        }
        const at = pieces.push(undefined) - 1;
        waiting += 1;
        const item = { part: "data", directory: directory.file, name, stat, offset, lengthBytes } as const;
        await this.#sender.add(item, lengthBytes, (outcome, bytes) => {
          if (outcome.kind === "read") {
            pieces[at] = bytes;
            asWalked &&= outcome.asWalked;
            dataBytes += outcome.dataBytes;
            this.#onBytes(outcome.dataBytes);
          } else trouble ??= outcome;
          return finish();
        });
      }
    } catch (error) {
      trouble ??= this.#outcomeOf(error);
    }
    await finish();
  }

  #outcomeOf(error: unknown): FileOutcome {
    if (this.#isVanished(error)) return { kind: "vanished", end: 0 };
    if (error instanceof RehomeError && (error.code === "SYSTEM_CALL" || error.code === "NOT_PERMITTED"))
      return { kind: "unreadable", end: 0, message: error.message };
    throw error;
  }

  #encodeHead(directory: SharedDirectory, name: ByteString, stat: InodeStat): { bytes: Uint8Array; outside: boolean } {
    const file = this.#tree.openFile(directory.file, name);
    try {
      const metadata = { ...stat, flags: this.#tree.readFlags(file), xattrs: this.#tree.readXattrsOpen(file) };
      this.#out.reset();
      const shifted = removeOwnerShift(metadata, this.#ownerShift);
      writeMetadata(this.#out, "file", shifted.metadata);
      this.#out.varint(stat.sizeBytes);
      return { bytes: this.#out.take(), outside: shifted.outside };
    } finally {
      this.#tree.close(file);
    }
  }

  #encodeHole(lengthBytes: number): Uint8Array {
    this.#out.reset();
    writeHolePiece(this.#out, lengthBytes);
    return this.#out.take();
  }
}
