import { crashPoint } from "../../../core/crash-points.ts";
import { throwIfInterrupted } from "../../../core/errors.ts";
import type { OnProgress } from "../../../core/progress.ts";
import type { ChunkId } from "../../../core/tree/entry.ts";
import { sha256 } from "../../../image/chunker/decode-block.ts";
import type { StreamPiece } from "../../../image/tree-index/stream-index.ts";
import { StreamDiffersError } from "../errors.ts";

/** A device, or a file that is large enough, open for reading and writing. */
export interface StreamTarget {
  readonly path: string;
  /** What nobody wrote reads as zeros: a new file. */
  readonly isZeroed: boolean;
  write(bytes: Uint8Array, offset: number): void;
  /** Reads as many bytes as `into` has, or less where the target ends. Returns how many. */
  read(into: Uint8Array, offset: number): number;
  /** Makes what was written durable. */
  sync(): Promise<void>;
  /** Lets the next reads come from the device. */
  forget(): void;
}

/** How a stream is written. */
export interface WriteStreamSettings {
  readonly sizeBytes: number;
  /** Reads a chunk that is held against its id. */
  readonly readChunk: (id: ChunkId, lengthBytes: number) => Promise<Buffer>;
  /** Up to here everything is written and durable. */
  readonly doneBytes: number;
  /** Told from time to time how far everything is durable. */
  readonly onDurable: (doneBytes: number) => Promise<void>;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

const zeros = Buffer.alloc(1024 * 1024);
const durableEachBytes = 1024 * 1024 * 1024;

/** Writes a stream to the start of a target: all its bytes, zeros too. Durable on return; what follows it in a larger target stays. */
export async function writeStream(
  pieces: AsyncIterable<StreamPiece>,
  target: StreamTarget,
  { sizeBytes, readChunk, doneBytes, onDurable, onProgress, signal }: WriteStreamSettings,
): Promise<void> {
  let durable = doneBytes;
  for await (const piece of pieces) {
    throwIfInterrupted(signal, "the restore");
    const end = piece.offset + piece.lengthBytes;
    if (end <= doneBytes) continue;
    if (piece.kind === "chunk") target.write(await readChunk(piece.id, piece.lengthBytes), piece.offset);
    else if (!target.isZeroed)
      for (const [at, length] of stretches(piece)) {
        throwIfInterrupted(signal, "the restore");
        target.write(zeros.subarray(0, length), at);
      }
    onProgress({ version: 1, phase: `writing ${target.path}`, bytes: end, totalBytes: sizeBytes, items: 0 });
    if (end - durable < durableEachBytes) continue;
    await target.sync();
    await onDurable(end);
    durable = end;
  }
  await target.sync();
  crashPoint("restore.stream-written");
}

/** Reads a target back, from its device where that can be had, and holds it against a stream. @throws {StreamDiffersError} */
export async function verifyStream(
  pieces: AsyncIterable<StreamPiece>,
  target: StreamTarget,
  { sizeBytes, onProgress, signal }: Pick<WriteStreamSettings, "sizeBytes" | "onProgress" | "signal">,
): Promise<void> {
  target.forget();
  let into: Buffer = Buffer.alloc(zeros.length);
  for await (const piece of pieces) {
    throwIfInterrupted(signal, "the verification");
    if (piece.lengthBytes > into.length && piece.kind === "chunk") into = Buffer.alloc(piece.lengthBytes);
    const parts = piece.kind === "chunk" ? [[piece.offset, piece.lengthBytes] as const] : stretches(piece);
    for (const [at, length] of parts) {
      const bytes = into.subarray(0, length);
      const isSame =
        target.read(bytes, at) === length &&
        (piece.kind === "chunk" ? sha256(bytes).toString("hex") === piece.id : bytes.equals(zeros.subarray(0, length)));
      if (!isSame) throw new StreamDiffersError(target.path, at);
    }
    const bytes = piece.offset + piece.lengthBytes;
    onProgress({ version: 1, phase: `reading ${target.path} back`, bytes, totalBytes: sizeBytes, items: 0 });
  }
  crashPoint("restore.stream-verified");
}

function* stretches({ offset, lengthBytes }: StreamPiece): Generator<readonly [number, number]> {
  for (let done = 0; done < lengthBytes; done += zeros.length)
    yield [offset + done, Math.min(zeros.length, lengthBytes - done)];
}
