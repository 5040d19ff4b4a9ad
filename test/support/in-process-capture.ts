import type { HostFacts } from "../../src/core/manifest/manifest.ts";
import { linuxTreeReader } from "../../src/host/tree/linux-tree-reader.ts";
import { errnoNameOf } from "../../src/host/system-call-error.ts";
import { BlockBuilder } from "../../src/image/chunker/block-builder.ts";
import { ClaimTable } from "../../src/image/chunker/claim-table.ts";
import { cutParameters } from "../../src/image/chunker/cut.ts";
import { ChunkIndex } from "../../src/image/chunk-index/chunk-index.ts";
import type { EncodedBlock } from "../../src/image/format/pack.ts";
import { openSource } from "../../src/library/capture/plan-streams.ts";
import type { ImageStore } from "../../src/image/store/image-store.ts";
import { planCapture } from "../../src/system/capture/plan.ts";
import type { CapturePorts, FilePool, FilePoolOptions } from "../../src/system/capture/ports.ts";
import { unlimited } from "../../src/system/capture/reading/rate-limit.ts";
import type { FileBatchResult, FileOutcome } from "../../src/system/capture/reading/file-batch.ts";
import { FileReader } from "../../src/system/capture/reading/file-reader.ts";
import type { PlannedStream } from "../../src/system/capture/streams/capture-streams.ts";
import { runCapture, type CaptureResult } from "../../src/system/capture/run.ts";

/** What a test does while a capture runs. */
export interface CaptureEvents {
  /** Raw files that go along, ascending by name. */
  readonly streams?: readonly PlannedStream[];
  /** What the image says of the computer that it was captured from. */
  readonly host?: HostFacts;
  /** Called when the tree has been read and stored, before the image is published. */
  readonly beforePublishing?: () => Promise<void>;
}

/**
 * Captures a directory without threads, programs or facts, so that it takes milliseconds and always makes the same bytes.
 * Every file becomes a block of its own, so that even a small tree fills packs of many blocks.
 */
export function captureInProcess(
  store: ImageStore,
  root: string,
  name: string,
  events: CaptureEvents = {},
): Promise<CaptureResult> {
  const facts = {
    kind: "directory",
    root,
    name,
    mounts: [],
    ownPaths: [],
    rootUid: 0,
    atRest: false,
    hookCount: 0,
    ...(events.streams && { streams: events.streams }),
  } as const;
  const plan = planCapture(facts, { excludes: [], defaultExcludes: [], rehash: false, redact: false });
  return runCapture(plan, store, portsInProcess(events), {
    writtenBy: "rehome test",
    compressionLevel: 1,
    packageFiles: "changed",
    idle: false,
    rate: unlimited,
    onProgress: () => undefined,
  });
}

function portsInProcess({ host, beforePublishing }: CaptureEvents): CapturePorts {
  return {
    tree: linuxTreeReader(),
    startPool: (options) => new PoolInProcess(options, beforePublishing),
    syncFileSystem: () => undefined,
    timesTellChanges: () => true,
    isVanished,
    openRawSource: openSource,
    readFacts: () =>
      Promise.resolve({
        system: { kernels: [], packages: [], fileSystems: [] },
        host,
        warnings: [],
      }),
    runHooks: () => Promise.resolve([]),
  };
}

class PoolInProcess implements FilePool {
  readonly busy = 0;
  readonly #index: ChunkIndex;
  readonly #reader: FileReader;
  readonly #atEnd: (() => Promise<void>) | undefined;

  constructor(options: FilePoolOptions, atEnd: (() => Promise<void>) | undefined) {
    this.#index = ChunkIndex.open(options.indexPath);
    this.#index.setCondemned(options.condemnedPacks);
    this.#atEnd = atEnd;
    this.#reader = new FileReader({
      tree: linuxTreeReader(),
      claims: new ClaimTable(ClaimTable.allocate(1024)),
      known: this.#index,
      storeWasEmpty: options.storeWasEmpty,
      blocks: new BlockBuilder({ level: 1 }, cutParameters.maxBytes),
      ownerShift: options.ownerShift,
      redact: options.redact,
      isVanished,
    });
  }

  room(): Promise<void> {
    return Promise.resolve();
  }

  run({ items }: { readonly items: Parameters<FileReader["readBatch"]>[0]["items"] }): Promise<FileBatchResult> {
    const outcomes: FileOutcome[] = [];
    const bytes: Uint8Array[] = [];
    const blocks: EncodedBlock[] = [];
    let end = 0;
    for (const item of items) {
      const result = this.#reader.readBatch({ items: [item] });
      for (const outcome of result.outcomes) outcomes.push({ ...outcome, end: end + outcome.end });
      bytes.push(result.bytes);
      blocks.push(...result.blocks);
      end += result.bytes.length;
    }
    return Promise.resolve({ outcomes, bytes: Buffer.concat(bytes), blocks });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#index[Symbol.dispose]();
    await this.#atEnd?.();
  }
}

function isVanished(error: unknown): boolean {
  return ["ENOENT", "ELOOP", "ENXIO", "ESTALE", "ENOTDIR"].includes(errnoNameOf(error) ?? "");
}
