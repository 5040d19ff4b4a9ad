import { linuxTreeReader } from "../host/tree/linux-tree-reader.ts";
import { FileChecker, type FileCheckBatch, type FileCheckResult } from "../system/compare/file-check.ts";
import { serveRequests } from "./serve.ts";

const checker = new FileChecker(linuxTreeReader());

serveRequests<FileCheckBatch, FileCheckResult[]>((batch) => ({ response: checker.checkBatch(batch), transfer: [] }));
