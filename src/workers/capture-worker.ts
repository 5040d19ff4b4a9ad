import { workerData } from "node:worker_threads";
import { ownPriority, type Priority } from "../host/priority.ts";
import { errnoNameOf } from "../host/system-call-error.ts";
import { linuxTreeReader } from "../host/tree/linux-tree-reader.ts";
import { BlockBuilder } from "../image/chunker/block-builder.ts";
import { ClaimTable } from "../image/chunker/claim-table.ts";
import { cutParameters } from "../image/chunker/cut.ts";
import { ChunkIndex } from "../image/chunk-index/chunk-index.ts";
import type { FileBatch, FileBatchResult } from "../system/capture/reading/file-batch.ts";
import { FileReader } from "../system/capture/reading/file-reader.ts";
import { serveRequests } from "./serve.ts";

/** What a capture worker is started with. `indexPath`: of the chunk index. */
export interface CaptureWorkerData {
  readonly claims: SharedArrayBuffer;
  readonly indexPath: string;
  readonly storeWasEmpty: boolean;
  readonly condemnedPacks: readonly string[];
  readonly compressionLevel: "standard" | number;
  readonly ownerShift: number;
  readonly redact: boolean;
  readonly priority: Priority;
}

const data = workerData as CaptureWorkerData;
ownPriority(data.priority);
const known = ChunkIndex.open(data.indexPath);
known.setCondemned(data.condemnedPacks);
const reader = new FileReader({
  tree: linuxTreeReader(),
  claims: new ClaimTable(data.claims),
  known,
  storeWasEmpty: data.storeWasEmpty,
  blocks: new BlockBuilder({ level: data.compressionLevel }, cutParameters.maxBytes),
  ownerShift: data.ownerShift,
  redact: data.redact,
  isVanished: (error) => ["ENOENT", "ELOOP", "ENXIO", "ESTALE", "ENOTDIR"].includes(errnoNameOf(error) ?? ""),
});

serveRequests<FileBatch, FileBatchResult>((batch) => {
  const response = reader.readBatch(batch);
  const transfer = [response.bytes, ...response.blocks.map((block) => block.stored)].map(
    (bytes) => bytes.buffer as ArrayBuffer,
  );
  return { response, transfer };
});
