import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import { metadataOf, type Entry, type Piece } from "../../../core/tree/entry.ts";
import type { FileDescriptor } from "../../../core/tree/tree-reader.ts";
import type { MetadataLoss } from "../../../core/tree/tree-writer.ts";
import type { RestorePorts } from "../ports.ts";
import type { AfterWrite, WriteSender } from "./batch-sender.ts";

const longFileBytes = 16 * 1024 * 1024;
const partBytes = 4 * 1024 * 1024;

/** What may be at a path that is written: nothing, leftovers of an earlier run, or an older state to be replaced. */
export type Existing = "none" | "leftovers" | "older";

/** Called when pieces of a file, which begin at `start` in it, are written; its metadata may come later. */
export type OnWritten = (pieces: readonly Piece[], start: number) => void;

/** Says whether a path is that of a temporary file, as a restore into an existing tree leaves one when it is killed. */
export function isTemporary(path: TreePath): boolean {
  return /(?:^|\/)\.rehome-[0-9]+-[0-9]+$/.test(path);
}

/** Has regular files written by the pool: whole ones in batches, long ones in parts that several threads may have in hand. */
export class FileWriting {
  readonly #ports: RestorePorts;
  readonly #sender: WriteSender;
  readonly #open: Set<FileDescriptor>;
  readonly #underWay = new Set<TreePath>();
  #temporaries = 0;

  /** @param open Holds the files that are written in parts until all of these are: what is left in it after a failure its owner closes, once no thread is at work. */
  constructor(ports: RestorePorts, sender: WriteSender, open: Set<FileDescriptor>) {
    this.#ports = ports;
    this.#sender = sender;
    this.#open = open;
  }

  /** Takes a file to be written into the open directory `parent`, which stays open until `after` was called. `onWritten` hears of its parts. */
  async write(
    entry: Entry & { kind: "file" },
    { file: parent, existing }: { readonly file: FileDescriptor; readonly existing: Existing },
    name: ByteString,
    after: AfterWrite,
    onWritten: OnWritten = () => undefined,
  ): Promise<void> {
    if (existing === "leftovers") this.#ports.writer.remove(parent, name);
    const temporary =
      existing === "older" ? (`.rehome-${process.pid}-${++this.#temporaries}` as ByteString) : undefined;
    this.#underWay.add(entry.path);
    const done: AfterWrite = (losses) => {
      this.#underWay.delete(entry.path);
      after(losses);
    };
    const { sizeBytes, pieces } = entry;
    if (sizeBytes > longFileBytes && pieces.length > 1) {
      await this.#writeInParts(entry, parent, name, temporary, done, onWritten);
      return;
    }
    const whole = {
      part: "whole",
      directory: parent,
      name,
      temporary,
      sizeBytes,
      metadata: metadataOf(entry),
    } as const;
    await this.#sender.add(whole, pieces, 0, (losses) => {
      onWritten(pieces, 0);
      done(losses);
    });
  }

  /** Waits until the file at `path`, if it is under way, is written. */
  async waitFor(path: TreePath): Promise<void> {
    if (this.#underWay.has(path)) await this.#sender.drain();
  }

  async #writeInParts(
    entry: Entry & { kind: "file" },
    parent: FileDescriptor,
    name: ByteString,
    temporary: ByteString | undefined,
    done: AfterWrite,
    onWritten: OnWritten,
  ): Promise<void> {
    const file = this.#ports.writer.createFile(parent, temporary ?? name, entry.flags);
    this.#open.add(file);
    let waiting = 1;
    const finish = (): void => {
      if (--waiting === 0) done(this.#finishParts(file, entry, parent, name, temporary));
    };
    let position = 0;
    for (let first = 0; first < entry.pieces.length;) {
      let next = first;
      let length = 0;
      while (next < entry.pieces.length && length < partBytes) length += entry.pieces[next++]?.lengthBytes ?? 0;
      waiting += 1;
      const [pieces, start] = [entry.pieces.slice(first, next), position];
      await this.#sender.add({ part: "part", file }, pieces, start, () => {
        onWritten(pieces, start);
        finish();
      });
      position += length;
      first = next;
    }
    finish();
  }

  #finishParts(
    file: FileDescriptor,
    entry: Entry & { kind: "file" },
    parent: FileDescriptor,
    name: ByteString,
    temporary: ByteString | undefined,
  ): MetadataLoss[] {
    const { writer, tree } = this.#ports;
    const options = { exact: temporary !== undefined };
    try {
      writer.truncate(file, entry.sizeBytes);
      if (temporary !== undefined) {
        writer.setOpenMetadata(file, { ...entry, flags: 0 }, options);
        writer.replace(parent, temporary, name);
      }
      return writer.setOpenMetadata(file, entry, options);
    } finally {
      this.#open.delete(file);
      tree.close(file);
    }
  }
}
