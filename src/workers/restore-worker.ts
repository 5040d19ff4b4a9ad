import { growDescriptorTable } from "../host/descriptor-table.ts";
import { linuxTreeReader } from "../host/tree/linux-tree-reader.ts";
import { linuxTreeWriter } from "../host/tree/linux-tree-writer.ts";
import type { WriteBatch, WriteBatchResult } from "../system/restore/files/file-batch.ts";
import { FileWriter } from "../system/restore/files/file-writer.ts";
import { serveRequests } from "./serve.ts";

// Here, where nobody waits for it: the table is that of all threads.
growDescriptorTable();
const tree = linuxTreeReader();
const writer = new FileWriter(tree, linuxTreeWriter(tree));

serveRequests<WriteBatch, WriteBatchResult>((batch) => ({ response: writer.writeBatch(batch), transfer: [] }));
