import type { CaptureWarning, HostFacts, SystemFacts } from "../../core/manifest/manifest.ts";
import type { FileDescriptor, TreeReader } from "../../core/tree/tree-reader.ts";
import type { FileBatch, FileBatchResult } from "./reading/file-batch.ts";

/** Threads that read files. */
export interface FilePool extends AsyncDisposable {
  readonly busy: number;
  room(): Promise<void>;
  run(batch: FileBatch): Promise<FileBatchResult>;
}

/** How the threads of a capture are to work. */
export interface FilePoolOptions {
  /** Path of the chunk index. */
  readonly indexPath: string;
  readonly storeWasEmpty: boolean;
  readonly condemnedPacks: readonly string[];
  readonly compressionLevel: "standard" | number;
  readonly ownerShift: number;
  /** Look for marks of secrets in what is read, and leave out the contents of files that have one. */
  readonly redact: boolean;
  readonly idle: boolean;
}

/** How a hook ended. */
export interface HookResult {
  readonly path: string;
  readonly exitCode: number;
  readonly timedOut: boolean;
  readonly output: string;
  /** The level that a pre-capture hook vouches for, by a line `consistency=application` (or another level) in its output. */
  readonly consistency?: string;
}

/** Which facts are wanted. */
export interface FactsOptions {
  readonly packageFiles: "changed" | "all";
  readonly nspawnFile: string | undefined;
  /** Also those of the running host. */
  readonly host: boolean;
}

/** Facts of a tree, perhaps of the host, and what was there but could not be read. */
export interface ReadFacts {
  readonly system: SystemFacts;
  readonly host: HostFacts | undefined;
  readonly warnings: readonly CaptureWarning[];
}

/** A raw partition or file that is open for reading. While a device is open so, nobody else can begin to mount it. */
export interface OpenRawSource extends AsyncDisposable {
  readonly file: FileDescriptor;
  readonly sizeBytes: number;
  /** Says whether somebody wrote to it since it was opened, as far as that can be seen. */
  readonly hasChanged: () => boolean;
}

/** What capture needs of a Linux host. */
export interface CapturePorts {
  readonly tree: TreeReader;
  startPool(options: FilePoolOptions): FilePool;
  /** Writes all dirty pages of the file system an open directory lies on, mapped ones too (syncfs(2)). */
  syncFileSystem(directory: FileDescriptor): void;
  /** False where a write through a mapping may leave a file's times as they were (tmpfs): nothing there may be taken as unchanged. */
  timesTellChanges(directory: FileDescriptor): boolean;
  isVanished(error: unknown): boolean;
  /** Opens a raw partition or file; the path is absolute. @throws {RawSourceRefusedError} */
  openRawSource(path: string): Promise<OpenRawSource>;
  readFacts(root: string, options: FactsOptions): Promise<ReadFacts>;
  runHooks(
    when: "pre-capture" | "post-capture",
    variables: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<HookResult[]>;
}
