import { parseImageOperand } from "../../core/operand.ts";
import { streamsOf } from "../../core/manifest/trees.ts";
import { SequentialChunks } from "../../image/store/sequential-chunks.ts";
import { readStream } from "../../image/tree-index/stream-index.ts";
import { openStore, type StoreOptions } from "../store/store.ts";
import { fileContent } from "./file-content.ts";
import { showImage, storeOf } from "./images.ts";

/** Reads a raw stream of an image, piece by piece; holes come as zeros. @throws {StreamNotFoundError} @throws {ObjectDamagedError} */
export async function* readStreamOf(
  image: string,
  name: string,
  options: StoreOptions = {},
): AsyncGenerator<Buffer, void, undefined> {
  const operand = parseImageOperand(image);
  using store = await openStore(storeOf(operand, options));
  await using opened = await store.openImage(operand, "read a stream");
  const chunks = new SequentialChunks(store.chunks);
  for await (const piece of readStream(store.chunks, opened.manifest, name))
    yield* fileContent({ pieces: [piece] }, (id, lengthBytes) => chunks.read(id, lengthBytes));
}

/** A raw stream that two images do not have alike. */
export interface StreamDifference {
  readonly name: string;
  readonly change: "added" | "removed" | "changed";
}

/** Lists the raw streams that differ between two images, by name. @throws {ImageNotFoundError} */
export async function diffStreams(
  first: string,
  second: string,
  options: StoreOptions = {},
): Promise<StreamDifference[]> {
  const [before, after] = await Promise.all(
    [first, second].map(async (image) => {
      const streams = streamsOf((await showImage(image, options)).manifest);
      return new Map(streams.map(({ name, sizeBytes, digest }) => [name, `${sizeBytes} ${digest}`]));
    }),
  );
  const names = [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])].toSorted();
  return names.flatMap((name) => {
    const [old, now] = [before?.get(name), after?.get(name)];
    if (old === now) return [];
    return [{ name, change: old === undefined ? "added" : now === undefined ? "removed" : "changed" } as const];
  });
}
