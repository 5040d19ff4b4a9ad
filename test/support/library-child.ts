/** A process of its own that calls the library as it is told; see `library-process.ts`. */
import { armCrashPoints } from "../../src/core/crash-points.ts";
import {
  capture,
  captureAsJob,
  checkStore,
  cloneJoin,
  cloneJoinAsJob,
  cloneJoinDisk,
  cloneJoinDiskAsJob,
  cloneJoinStoreAsJob,
  cloneServeAsJob,
  listImages,
  pruneAsJob,
  pruneStore,
  removeImage,
  repairStore,
  restore,
  restoreAsJob,
  resumeJob,
  RehomeError,
  type CheckResult,
  type ImageName,
  type PruneResult,
  type RepairResult,
  type RestoreResult,
} from "../../src/index.ts";

/** What can be called; arguments and results are JSON. */
export interface Calls {
  readonly capture: (...words: Parameters<typeof capture>) => Promise<ImageName>;
  readonly captureAsJob: (...words: Parameters<typeof captureAsJob>) => Promise<ImageName>;
  readonly restoreAsJob: (...words: Parameters<typeof restoreAsJob>) => Promise<Pick<RestoreResult, "resumed">>;
  readonly cloneServeAsJob: (
    source: string,
    options: Parameters<typeof cloneServeAsJob>[1],
  ) => ReturnType<typeof cloneServeAsJob>;
  readonly cloneJoin: (...words: Parameters<typeof cloneJoin>) => Promise<string>;
  readonly cloneJoinAsJob: (
    directory: string,
    options: Parameters<typeof cloneJoinAsJob>[1],
  ) => ReturnType<typeof cloneJoinAsJob>;
  readonly cloneJoinDiskAsJob: (
    options: Parameters<typeof cloneJoinDiskAsJob>[0],
  ) => ReturnType<typeof cloneJoinDiskAsJob>;
  readonly cloneJoinStoreAsJob: (
    options: Parameters<typeof cloneJoinStoreAsJob>[0],
  ) => ReturnType<typeof cloneJoinStoreAsJob>;
  readonly cloneJoinDisk: (...words: Parameters<typeof cloneJoinDisk>) => Promise<string>;
  readonly pruneAsJob: (...words: Parameters<typeof pruneAsJob>) => Promise<PruneResult>;
  readonly resumeJob: (...words: Parameters<typeof resumeJob>) => Promise<string>;
  readonly checkStore: (...words: Parameters<typeof checkStore>) => Promise<CheckResult["damages"]>;
  readonly listImages: (...words: Parameters<typeof listImages>) => Promise<ImageName[]>;
  readonly pruneStore: (...words: Parameters<typeof pruneStore>) => Promise<PruneResult>;
  readonly removeImage: (...words: Parameters<typeof removeImage>) => Promise<ImageName[]>;
  readonly repairStore: (...words: Parameters<typeof repairStore>) => Promise<RepairResult["actions"]>;
  readonly restore: (...words: Parameters<typeof restore>) => Promise<Pick<RestoreResult, "resumed">>;
}

const calls: Calls = {
  cloneServeAsJob: (source, options) => cloneServeAsJob(source, options),
  cloneJoin: async (...words) => (await cloneJoin(...words)).digest,
  cloneJoinAsJob: (directory, options) => cloneJoinAsJob(directory, options),
  cloneJoinDiskAsJob: (options) => cloneJoinDiskAsJob(options),
  cloneJoinStoreAsJob: (options) => cloneJoinStoreAsJob(options),
  cloneJoinDisk: async (...words) => (await cloneJoinDisk(...words)).digest,
  capture: async (...words) => (await capture(...words)).name,
  captureAsJob: async (...words) => (await captureAsJob(...words)).name,
  restoreAsJob: async (...words) => ({ resumed: (await restoreAsJob(...words)).resumed }),
  pruneAsJob,
  resumeJob: async (...words) => (await resumeJob(...words)).state,
  checkStore: async (...words) => (await checkStore(...words)).damages,
  listImages,
  pruneStore,
  removeImage,
  repairStore: async (...words) => (await repairStore(...words)).actions,
  restore: async (...words) => ({ resumed: (await restore(...words)).resumed }),
};

/** What is asked for. */
export type Request = {
  [Name in keyof Calls]: { readonly call: Name; readonly words: Parameters<Calls[Name]> };
}[keyof Calls];

/** What comes back. */
export type Answer =
  | { readonly result: unknown }
  | { readonly failure: { readonly message: string; readonly code: string; readonly stack: string } };

const [stopsAt] = process.argv.slice(2);
if (stopsAt !== undefined)
  armCrashPoints((name) => {
    if (name !== stopsAt) return;
    armCrashPoints(undefined);
    process.kill(process.pid, "SIGSTOP");
  });

process.on("message", (request: Request) => {
  void answer(request).then((sent) => process.send?.(sent));
});
process.on("disconnect", () => process.exit());
process.send?.("ready");

async function answer({ call, words }: Request): Promise<Answer> {
  try {
    return { result: await (calls[call] as (...given: readonly unknown[]) => Promise<unknown>)(...words) };
  } catch (error) {
    const { message, stack } = error as Error;
    return { failure: { message, code: error instanceof RehomeError ? error.code : "", stack: stack ?? "" } };
  }
}
