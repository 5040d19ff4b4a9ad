import { parseImageOperand } from "../../core/operand.ts";
import { streamsOf } from "../../core/manifest/trees.ts";
import type { OnProgress } from "../../core/progress.ts";
import { checkStore as check, type CheckResult } from "../../image/care/check.ts";
import { prune, type PruneResult } from "../../image/care/prune.ts";
import { repairStore as repair, type RepairResult } from "../../image/care/repair.ts";
import { measureStore, type StoreStats } from "../../image/care/stats.ts";
import { decodeBlock, sha256 } from "../../image/chunker/decode-block.ts";
import { newestFormat, planUpgrade, type UpgradeStep } from "../../image/care/upgrade.ts";
import { ObjectDamagedError, ObjectMissingError, StoreNotFoundError } from "../../image/errors.ts";
import type { ImageName } from "../../image/store/image-names.ts";
import { readDescription, type ImageStore, type StoreDescription } from "../../image/store/image-store.ts";
import { packKey } from "../../image/store/pack-reader.ts";
import { readStream } from "../../image/tree-index/stream-index.ts";
import { readTree } from "../../image/tree-index/tree-index-reader.ts";
import { storeOf } from "../images/images.ts";
import { choosePaths } from "../settings/settings.ts";
import { openBlobs, openOrCreateStore, openStore, storePath, type StoreOptions } from "./store.ts";
import { newSecret } from "./store-secret.ts";

/** How to look after a store. */
export interface StoreCareOptions extends StoreOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

function settings(options: StoreCareOptions): { readonly onProgress: OnProgress; readonly signal?: AbortSignal } {
  return { onProgress: options.onProgress ?? (() => undefined), ...(options.signal && { signal: options.signal }) };
}

/**
 * Makes a store, or opens the one that is there. A new one is encrypted where that is asked for: the key file of the paths opens it, or else
 * a passphrase that is asked for.
 *
 * @throws {StoreUnsuitableError} @throws {UsageError}
 */
export async function initStore(
  options: StoreOptions & { readonly encrypt?: boolean } = {},
): Promise<StoreDescription & { readonly location: string }> {
  const { keyFile } = options.paths ?? choosePaths();
  const encryption =
    options.encrypt === true ? { secret: await newSecret(keyFile, storePath(options)), label: "" } : undefined;
  using store = await openOrCreateStore(options, encryption);
  return { ...store.description, location: store.blobs.location };
}

/** Which version of the format a store has, and what would bring it to the newest one. */
export interface StoreUpgrade {
  readonly location: string;
  readonly formatVersion: number;
  readonly newestVersion: number;
  /** Empty where the store has the newest version. */
  readonly steps: readonly UpgradeStep[];
}

/** Says how a store would be upgraded; no key is needed. Changes nothing. @throws {StoreNotFoundError} @throws {FormatUnknownError} */
export async function planStoreUpgrade(options: StoreOptions = {}): Promise<StoreUpgrade> {
  const blobs = openBlobs(options);
  const description = await readDescription(blobs);
  if (description === undefined) throw new StoreNotFoundError(blobs.location);
  const { formatVersion } = description;
  return {
    location: blobs.location,
    formatVersion,
    newestVersion: newestFormat,
    steps: planUpgrade(formatVersion),
  };
}

/** Reads every byte of a store and follows every image. @throws {StoreNotFoundError} */
export async function checkStore(options: StoreCareOptions = {}): Promise<CheckResult> {
  using store = await openStore(options);
  return await check(store, settings(options));
}

/** Checks, removes what is damaged, keeps all that is intact, and checks again. @throws {StoreNotFoundError} */
export async function repairStore(options: StoreCareOptions = {}): Promise<RepairResult> {
  using store = await openStore(options);
  return await repair(store, settings(options));
}

/** Removes what no image needs. @throws {ObjectMissingError} @throws {ObjectDamagedError} If an image is damaged: nothing is removed then. */
export async function pruneStore(
  options: StoreCareOptions & { readonly dryRun?: boolean; readonly minNeededShare?: number } = {},
): Promise<PruneResult> {
  using store = await openStore(options);
  return await prune(store, {
    ...settings(options),
    dryRun: options.dryRun ?? false,
    minNeededShare: options.minNeededShare ?? 0.5,
  });
}

/** Measures what a store holds. */
export async function storeStats(options: StoreCareOptions = {}): Promise<StoreStats> {
  using store = await openStore(options);
  return await measureStore(store, options.signal);
}

/** What reading an image back found. */
export interface VerifiedImage {
  readonly name: ImageName;
  readonly entries: number;
  /** Raw partitions and files beside the tree. */
  readonly streams: number;
  /** Plain bytes that were read and hashed. */
  readonly bytes: number;
  readonly damaged: readonly { readonly object: string; readonly message: string }[];
}

/** Reads everything an image needs from the store and holds every chunk against its id. @throws {ImageNotFoundError} */
export async function verifyImage(image: string, options: StoreCareOptions = {}): Promise<VerifiedImage> {
  const operand = parseImageOperand(image);
  using store = await openStore(storeOf(operand, options));
  await using opened = await store.openImage(operand, "verify");
  const damaged = new Map<string, string>();
  const verifier = new BlockVerifier(store, damaged);
  let entries = 0;
  const { counts, tree } = opened.manifest.tail;
  const streams = streamsOf(opened.manifest);
  const totalBytes = streams.reduce((sum, { dataBytes }) => sum + dataBytes, counts.bytes);
  const report = (): void =>
    options.onProgress?.({
      version: 1,
      phase: "verifying",
      bytes: verifier.bytes,
      totalBytes,
      items: entries,
      totalItems: counts.entries,
    });
  for await (const entry of readTree(store.chunks, tree)) {
    entries += 1;
    options.signal?.throwIfAborted();
    if (entry.kind === "file")
      for (const piece of entry.pieces) if (piece.kind === "chunk") await verifier.verify(piece.id, piece.lengthBytes);
    if (entries % 64 === 0) report();
  }
  for (const { name } of streams)
    for await (const piece of readStream(store.chunks, opened.manifest, name)) {
      options.signal?.throwIfAborted();
      if (piece.kind === "chunk") await verifier.verify(piece.id, piece.lengthBytes);
      report();
    }
  return {
    name: opened.name,
    entries,
    streams: streams.length,
    bytes: verifier.bytes,
    damaged: [...damaged].map(([object, message]) => ({ object, message })),
  };
}

/** Holds chunks against their ids, with the blocks used last kept decoded. */
class BlockVerifier {
  readonly #store: ImageStore;
  readonly #damaged: Map<string, string>;
  readonly #plain = new Map<number, Buffer | undefined>();
  bytes = 0;

  constructor(store: ImageStore, damaged: Map<string, string>) {
    this.#store = store;
    this.#damaged = damaged;
  }

  async verify(id: Parameters<ImageStore["chunks"]["locate"]>[0], lengthBytes: number): Promise<void> {
    try {
      const { block, offset } = this.#store.chunks.locate(id, lengthBytes);
      const plain = this.#plain.has(block) ? this.#plain.get(block) : await this.#decode(block);
      const chunk = plain?.subarray(offset, offset + lengthBytes);
      this.bytes += lengthBytes;
      if (chunk && sha256(chunk).toString("hex") !== id)
        this.#note(this.#subject(block), `its chunk ${id} has other bytes`);
    } catch (error) {
      if (!(error instanceof ObjectMissingError)) throw error;
      this.#note(error.object, error.message);
    }
  }

  async #decode(number: number): Promise<Buffer | undefined> {
    const block = this.#store.chunks.block(number);
    let plain: Buffer | undefined;
    try {
      const stored = (await this.#store.chunks.readStored([block])).get(number) as Buffer;
      plain = decodeBlock(stored, block.codec, block.plainBytes, this.#subject(number));
    } catch (error) {
      if (!(error instanceof ObjectDamagedError) && !(error instanceof ObjectMissingError)) throw error;
      this.#note(error.object, error.message);
    }
    this.#plain.set(number, plain);
    if (this.#plain.size > 8) this.#plain.delete(this.#plain.keys().next().value as number);
    return plain;
  }

  #subject(number: number): string {
    const block = this.#store.chunks.block(number);
    return `block ${block.blockId} in ${packKey(block.pack)}`;
  }

  #note(object: string, message: string): void {
    if (!this.#damaged.has(object) && this.#damaged.size < 1000) this.#damaged.set(object, message);
  }
}
