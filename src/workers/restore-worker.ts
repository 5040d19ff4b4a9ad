import { workerData } from "node:worker_threads";
import { linuxTreeReader } from "../host/tree/linux-tree-reader.ts";
import { linuxTreeWriter } from "../host/tree/linux-tree-writer.ts";
import type { WriteBatch, WriteBatchResult } from "../system/restore/files/file-batch.ts";
import { FileWriter } from "../system/restore/files/file-writer.ts";
import { serveRequests } from "./serve.ts";

/** What a restore worker is started with. `exact`: as in `MetadataOptions`. */
export interface RestoreWorkerData {
  readonly exact: boolean;
}

const tree = linuxTreeReader();
const writer = new FileWriter(tree, linuxTreeWriter(tree), (workerData as RestoreWorkerData).exact);

serveRequests<WriteBatch, WriteBatchResult>((batch) => ({ response: writer.writeBatch(batch), transfer: [] }));
