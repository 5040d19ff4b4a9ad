import type { FileDescriptor, TreeReader } from "../../core/tree/tree-reader.ts";
import type { TreeWriter } from "../../core/tree/tree-writer.ts";
import type { WriteBatch, WriteBatchResult } from "./files/file-batch.ts";

/** Threads that write files. */
export interface WritePool extends AsyncDisposable {
  readonly busy: number;
  room(): Promise<void>;
  /** Sends a batch; the buffers in `transfer` are handed over, not copied. */
  run(batch: WriteBatch, transfer: readonly ArrayBuffer[]): Promise<WriteBatchResult>;
}

/** What restore needs of a Linux host. */
export interface RestorePorts {
  readonly tree: TreeReader;
  readonly writer: TreeWriter;
  /** Disposed of by the restore it is used in. */
  readonly pool: WritePool;
  /** Makes everything durable on the file system of an open directory. */
  syncFileSystem(directory: FileDescriptor): Promise<void>;
  /** False for failures that end a restore; true for what this user or this file system cannot hold, which is listed. */
  isLoss(error: unknown): boolean;
  /** True where a name, or a directory on the way to it, is not there. */
  readonly isMissing: (error: unknown) => boolean;
}
