import { displayBytes, type ByteString } from "../../core/tree/byte-string.ts";
import type { CheckpointContext } from "../../engine/job-kind.ts";
import type { Json } from "../../engine/job.ts";
import { createdHome, type BuildSource } from "../../system/disk/build/request.ts";
import { mountsOf } from "../../system/disk/plan/disk-plan.ts";
import type { DoneOperation } from "../../system/prepare/run.ts";
import type { WrittenTree } from "../../system/restore/run.ts";
import { readStreamOf } from "../images/streams.ts";
import { fromJson, toJson } from "../jobs/json.ts";
import { byteStringFromText } from "../../core/tree/byte-string.ts";
import {
  holdTimes,
  prepareOnDisk,
  restoreOnDisk,
  staleFinder,
  verifyOnDisk,
  type DiskSource,
  type DiskThreads,
  type PrepareTouches,
} from "./disk-source.ts";

/** What the preparation of a disk did, for the record: never what was written, which may be secret. */
export interface PreparedDisk extends PrepareTouches {
  readonly operations: readonly {
    readonly name: string;
    readonly changes: readonly { readonly kind: string; readonly path?: string; readonly what: string }[];
    readonly evidence: readonly string[];
    readonly warnings: readonly string[];
  }[];
}

/** How the tree on a disk compares with its image: the first thousand differences, and how many there are. */
export interface CheckedDisk {
  readonly differences: readonly {
    readonly path: string;
    readonly change: string;
    readonly aspects: readonly string[];
    readonly by?: string;
  }[];
  readonly differenceCount: number;
}

const differencesKept = 1000;

/** The source of a disk for one checkpoint of a job, and what that checkpoint then has to say. */
export async function checkpointSource(
  source: DiskSource,
  context: CheckpointContext,
  threads: DiskThreads,
): Promise<{ readonly source: BuildSource; readonly result: () => Json }> {
  let result: Json = null;
  let changed: readonly ByteString[] = [];
  const { onProgress, cursor, saveCursor, results } = context;
  const created = createdHome(source.plan);
  const work = (signal: AbortSignal | undefined) => ({ onProgress, signal: signal ?? context.signal, threads });
  const fats = mountsOf(source.plan).filter(({ content }) => content.type === "vfat");
  return {
    result: () => result,
    source: {
      readStream: (name) => readStreamOf(source.image, name, source),
      async restore(tree, signal) {
        result = toJson(await restoreOnDisk(source, tree, work(signal)));
      },
      async prepare(tree, systems, signal) {
        // What a run before this one changed is not found again by looking.
        let touches = fromJson<PrepareTouches | null>(cursor) ?? { touched: [], ran: [] };
        const keep = async ({ touched, ran }: PrepareTouches): Promise<void> => {
          touches = { touched: [...touches.touched, ...touched], ran: [...new Set([...touches.ran, ...ran])] };
          await saveCursor(toJson(touches));
        };
        const { operations } = await prepareOnDisk(source, tree, systems, keep, work(signal));
        result = toJson({ ...touches, operations: operations.map(recordOperation) } satisfies PreparedDisk);
      },
      findStale: await staleFinder(source, created),
      async verify(tree, signal) {
        const touches = fromJson<PreparedDisk>(results.get("prepare") ?? null);
        const written = fromJson<WrittenTree>(results.get("restore") ?? null);
        const differences = await verifyOnDisk(source, tree, touches, written, work(signal));
        changed = differences.map(({ path }) => path);
        holdAll(tree);
        const shown = differences.slice(0, differencesKept).map((each) => ({ ...each, path: displayBytes(each.path) }));
        result = toJson({ differences: shown, differenceCount: differences.length } satisfies CheckedDisk);
      },
      finish: holdAll,
    },
  };

  function holdAll(tree: string): void {
    const places = fats.map(({ mountPoint }) => byteStringFromText(mountPoint.slice(1)));
    if (source.newestMs !== undefined) holdTimes(tree, [...changed, ...places], source.newestMs);
  }
}

function recordOperation({ name, done, evidence, warnings }: DoneOperation): PreparedDisk["operations"][number] {
  const changes = done.map((change) => ({
    kind: change.kind,
    ...("path" in change && { path: displayBytes(change.path) }),
    what: change.what,
  }));
  return { name, changes, evidence, warnings };
}
