import type { OnProgress } from "../../../core/progress.ts";
import { SequentialChunks } from "../../../image/store/sequential-chunks.ts";
import type { RestoreSource } from "../../../image/store/chunk-source.ts";
import type { OpenImage } from "../../../image/store/image-store.ts";
import { readStream } from "../../../image/tree-index/stream-index.ts";
import { verifyStream, writeStream, type StreamTarget } from "../../../system/restore/streams/write-stream.ts";
import { findStream } from "./plan-targets.ts";

/** How a stream is restored. */
export interface RestoreStreamSettings {
  readonly doneBytes?: number;
  readonly onDurable?: (doneBytes: number) => Promise<void>;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a stream of an image, from a store or while it comes in, to a device or file that is open, and reads it back. Whoever calls it has looked at the target before;
 * a disk that is built uses it for its partitions too.
 *
 * @throws {StreamNotFoundError} @throws {StreamDiffersError} @throws {ObjectDamagedError} @throws {ObjectMissingError}
 */
export async function restoreStream(
  store: { readonly chunks: RestoreSource },
  { manifest }: Pick<OpenImage, "manifest">,
  name: string,
  target: StreamTarget,
  {
    doneBytes = 0,
    onDurable = () => Promise.resolve(),
    onProgress = () => undefined,
    signal,
  }: RestoreStreamSettings = {},
): Promise<void> {
  const { sizeBytes } = findStream(manifest, name);
  const chunks = new SequentialChunks(store.chunks);
  const pieces = (): ReturnType<typeof readStream> => readStream(store.chunks, manifest, name);
  await writeStream(pieces(), target, {
    sizeBytes,
    readChunk: (id, lengthBytes) => chunks.read(id, lengthBytes),
    doneBytes,
    onDurable,
    onProgress,
    signal,
  });
  await verifyStream(pieces(), target, { sizeBytes, onProgress, signal });
}
