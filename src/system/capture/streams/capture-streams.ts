import { crashPoint } from "../../../core/crash-points.ts";
import { throwIfInterrupted } from "../../../core/errors.ts";
import type { StreamFact, StreamsCaptured } from "../../../core/manifest/manifest.ts";
import type { OnProgress } from "../../../core/progress.ts";
import type { FileDescriptor, TreeReader } from "../../../core/tree/tree-reader.ts";
import { cutParameters } from "../../../image/chunker/cut.ts";
import { ByteWriter } from "../../../image/format/byte-writer.ts";
import { writeHolePiece } from "../../../image/format/record.ts";
import type { ChunkIndex } from "../../../image/chunk-index/chunk-index.ts";
import type { PackWriter } from "../../../image/store/pack-writer.ts";
import { StreamIndexWriter } from "../../../image/tree-index/stream-index.ts";
import { RawSourceUnreadableError } from "../errors.ts";
import type { FilePool, OpenRawSource } from "../ports.ts";
import { BatchSender } from "../reading/batch-sender.ts";
import type { RateLimit } from "../reading/rate-limit.ts";

/** A stream that a capture takes, as planned. */
export type PlannedStream = Pick<StreamFact, "name" | "source" | "kind" | "sizeBytes" | "holds">;

/** What a capture of streams works with. */
export interface CaptureStreamsParts {
  readonly tree: Pick<TreeReader, "seekData">;
  readonly openSource: (path: string) => Promise<OpenRawSource>;
  readonly pool: FilePool;
  readonly packs: PackWriter;
  readonly index: Pick<ChunkIndex, "has">;
  readonly rate: RateLimit;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

const { spanBytes } = cutParameters;

/**
 * Reads raw partitions and files into the store, one after the other, spans of each by several threads. `streams` ascend by name.
 *
 * @throws {RawSourceRefusedError} @throws {RawSourceUnreadableError}
 */
export async function captureStreams(
  streams: readonly PlannedStream[],
  parts: CaptureStreamsParts,
): Promise<StreamsCaptured | undefined> {
  if (streams.length === 0) return undefined;
  const index = new StreamIndexWriter(parts.packs, parts.index);
  const list: StreamFact[] = [];
  for (const stream of streams) {
    await using source = await parts.openSource(stream.source);
    await index.begin(stream.name);
    const dataBytes = await readSpans(stream, source.sizeBytes, source.file, index, parts);
    const consistency = source.hasChanged() ? "fuzzy" : "filesystem";
    const { sizeBytes } = source;
    list.push({ ...stream, sizeBytes, dataBytes, digest: index.endStream(), consistency });
    crashPoint("capture.stream-read");
  }
  return { index: await index.end(), list };
}

/** Sends the spans to the pool and writes them to the index in order. Returns the bytes of data. */
async function readSpans(
  { name, source, kind }: PlannedStream,
  sizeBytes: number,
  file: FileDescriptor,
  index: StreamIndexWriter,
  { tree, pool, packs, rate, onProgress, signal }: CaptureStreamsParts,
): Promise<number> {
  const sender = new BatchSender(pool, packs, rate, signal);
  const out = new ByteWriter();
  /** Spans that are read and wait for those before them; few, as the pool takes only so many at once. */
  const waiting = new Map<number, Uint8Array>();
  const count = Math.ceil(sizeBytes / spanBytes);
  const lengthOf = (span: number): number => Math.min(spanBytes, sizeBytes - span * spanBytes);
  let written = 0;
  let dataBytes = 0;
  let readBytes = 0;
  const write = async (): Promise<void> => {
    for (let pieces = waiting.get(written); pieces !== undefined; pieces = waiting.get(written)) {
      waiting.delete(written);
      await index.addSpan(pieces, lengthOf(written++));
    }
  };
  const take = (span: number, pieces: Uint8Array): void => {
    waiting.set(span, pieces);
    readBytes += lengthOf(span);
    onProgress({ version: 1, phase: `reading ${name}`, bytes: readBytes, totalBytes: sizeBytes, items: 0 });
  };
  for (let span = 0; span < count; span++) {
    throwIfInterrupted(signal, "the capture");
    const offset = span * spanBytes;
    const lengthBytes = lengthOf(span);
    // Devices know of no holes; what is zero on them is found by reading.
    const data = kind === "file" ? tree.seekData(file, offset) : offset;
    if (data < 0 || data >= offset + lengthBytes) {
      out.reset();
      writeHolePiece(out, lengthBytes);
      take(span, out.take());
    } else
      await sender.add({ part: "stream", file, offset, lengthBytes }, lengthBytes, (outcome, bytes) => {
        if (outcome.kind !== "read")
          throw new RawSourceUnreadableError(
            source,
            offset,
            outcome.kind === "unreadable" ? outcome.message : "it is gone",
          );
        dataBytes += outcome.dataBytes;
        take(span, bytes);
        return undefined;
      });
    await write();
  }
  await sender.finish();
  await write();
  return dataBytes;
}
