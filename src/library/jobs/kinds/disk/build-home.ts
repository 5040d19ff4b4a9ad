import type { CheckpointContext } from "../../../../engine/job-kind.ts";
import { diskPorts } from "../../../../host/disk/disk-ports.ts";
import type { BuildStep } from "../../../../system/disk/build/build-steps.ts";
import { KeptTree } from "../../../../system/disk/build/mounted-tree.ts";
import type { BuildRequest } from "../../../../system/disk/build/request.ts";
import type { DiskThreads } from "../../../disk/disk-source.ts";
import { makeCheckThreads } from "../../../images/compare.ts";
import { makeWriteThreads } from "../../../settings/write-pool.ts";
import { buildHoldings } from "./build-holdings.ts";

/**
 * What the checkpoints of a build share while it runs: the mounted tree, and threads.
 *
 * Invariant: what is mounted or attached is journalled before, and until it is gone; the engine disposes of all at the end of the run.
 */
export class BuildHome {
  readonly threads: DiskThreads = {};
  readonly #request: BuildRequest;
  #tree: KeptTree | undefined;

  constructor(request: BuildRequest) {
    this.#request = request;
  }

  /** Starts threads a step ahead: they load while programs are waited for. */
  startThreads(step: BuildStep["name"], { keep }: CheckpointContext): void {
    if (step !== "partition" && step !== "prepare") return;
    const threads =
      step === "partition" ? (this.threads.write = makeWriteThreads()) : (this.threads.check = makeCheckThreads());
    keep(threads);
    threads.start();
  }

  /** The tree, which stays mounted for the steps to come. */
  async keepTree(context: CheckpointContext): Promise<KeptTree> {
    if (this.#tree) return this.#tree;
    diskPorts.files.makeDirectory(this.#request.workDirectory);
    for (const holding of buildHoldings(this.#request)) await context.hold(holding);
    this.#tree = new KeptTree(this.#request, diskPorts);
    context.keep({ [Symbol.asyncDispose]: async () => await this.closeTree(context) });
    return this.#tree;
  }

  /** Unmounts the tree, which writes all of it; nothing where it was not mounted. */
  async closeTree({ release }: CheckpointContext): Promise<void> {
    const tree = this.#tree;
    this.#tree = undefined;
    if (tree === undefined) return;
    await tree[Symbol.asyncDispose]();
    for (const holding of buildHoldings(this.#request).toReversed()) await release(holding);
  }
}
