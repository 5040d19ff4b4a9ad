import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { crashPoint } from "../../../../core/crash-points.ts";
import type { StreamFact } from "../../../../core/manifest/manifest.ts";
import { parseImageOperand } from "../../../../core/operand.ts";
import type { Checkpoint, CheckpointContext } from "../../../../engine/job-kind.ts";
import type { JobId, JobRecord } from "../../../../engine/job.ts";
import { openDeviceTarget, openFileTarget } from "../../../../host/disk/stream-target.ts";
import { TargetUnsuitableError } from "../../../../system/restore/errors.ts";
import type { StreamTarget } from "../../../../system/restore/streams/write-stream.ts";
import { findStream, inspectTarget, type StreamPlace } from "../../../restore/streams/plan-targets.ts";
import { restoreStream } from "../../../restore/streams/restore-stream.ts";
import type { Paths } from "../../../settings/settings.ts";
import { openStore } from "../../../store/store.ts";
import { fromJson, toJson } from "../../json.ts";
import { assertFileUntouched, identityOfFile, isFileAt, removeMadeFile, type FileIdentity } from "../made-file.ts";

/** The image that a stream comes from, by its id. */
export interface StreamSource {
  readonly image: string;
  readonly store: string;
  readonly paths: Paths;
}

/** A stream that is at its place, and was read back. */
export interface RestoredStream extends StreamPlace {
  readonly sizeBytes: number;
}

/** How far a stream came. */
interface StreamCursor {
  readonly doneBytes: number;
  /** Where a file is written until it takes its place. */
  readonly temporary?: string;
  /** The finished file. */
  readonly identity?: FileIdentity;
}

/** One stream to one place: a file is made beside it first and can be taken back; what was on a device cannot. `number` tells it from the others. */
export function streamCheckpoint(id: JobId, source: StreamSource, place: StreamPlace, number: number): Checkpoint {
  const { name, path, kind } = place;
  const temporary = `${path}.rehome-${id}`;
  return {
    name: `stream ${number}`,
    title: `Write the stream ${name} to ${path}`,
    weight: 1,
    undo: kind === "device" ? "none" : "removes",
    async run(context) {
      const { sizeBytes } = await withImage(
        source,
        async (restoreTo, manifestStream) => {
          if (kind === "device") await writeDevice(context, restoreTo, manifestStream);
          else await writeFile(context, restoreTo, manifestStream);
          return manifestStream;
        },
        name,
        context,
      );
      return toJson({ ...place, sizeBytes } satisfies RestoredStream);
    },
    ...(kind === "file" && { takeBack }),
  };

  async function writeDevice(context: CheckpointContext, restoreTo: RestoreTo, stream: StreamFact): Promise<void> {
    await inspectTarget(path, stream, context.signal);
    using target = openDeviceTarget(path);
    const kept = fromJson<StreamCursor | null>(context.cursor) ?? { doneBytes: 0 };
    await context.saveCursor(toJson(kept));
    crashPoint("restore.stream-begun");
    await restoreTo(target, kept.doneBytes, (doneBytes) => context.saveCursor(toJson({ doneBytes })));
  }

  async function writeFile(context: CheckpointContext, restoreTo: RestoreTo, stream: StreamFact): Promise<void> {
    const { saveCursor } = context;
    const kept = fromJson<StreamCursor | null>(context.cursor);
    if (kept?.identity === undefined || !isFileAt(path, kept.identity)) {
      const doneBytes = existsSync(temporary) ? (kept?.doneBytes ?? 0) : 0;
      await saveCursor(toJson({ doneBytes, temporary } satisfies StreamCursor));
      crashPoint("restore.stream-begun");
      {
        using target = openFileTarget(temporary, stream.sizeBytes);
        const keep = (done: number): Promise<void> => saveCursor(toJson({ doneBytes: done, temporary }));
        await restoreTo(target, doneBytes, keep);
      }
      await saveCursor(toJson({ doneBytes: stream.sizeBytes, temporary, identity: identityOfFile(temporary) }));
      publish();
    }
    rmSync(temporary, { force: true });
    syncDirectory(dirname(path));
  }

  /** A link, unlike a renaming, replaces nothing that came there meanwhile. */
  function publish(): void {
    try {
      linkSync(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new TargetUnsuitableError(path, "something has come there", "Move it away, then resume the job.");
    }
    syncDirectory(dirname(path));
    crashPoint("restore.stream-published");
  }

  function takeBack({ cursor }: CheckpointContext): Promise<void> {
    const identity = fromJson<StreamCursor | null>(cursor)?.identity;
    if (identity !== undefined) {
      assertFileUntouched(id, path, identity);
      removeMadeFile(path, identity);
      crashPoint("restore.stream-removed");
    }
    rmSync(temporary, { force: true });
    return Promise.resolve();
  }
}

/** Temporary files that nobody will go on with. */
export function streamRemains({ checkpoints }: JobRecord): readonly string[] {
  return checkpoints.flatMap(({ cursor }) => {
    const kept = fromJson<Partial<StreamCursor> | null>(cursor);
    return kept?.temporary !== undefined && kept.identity === undefined ? [kept.temporary] : [];
  });
}

/** Writes the stream to a target that is open, from where it came to. */
type RestoreTo = (
  target: StreamTarget,
  doneBytes: number,
  onDurable: (doneBytes: number) => Promise<void>,
) => Promise<void>;

async function withImage<Result>(
  { image, store, paths }: StreamSource,
  work: (restoreTo: RestoreTo, stream: StreamFact) => Promise<Result>,
  name: string,
  { onProgress, signal }: CheckpointContext,
): Promise<Result> {
  using opened = await openStore({ store, paths });
  await using found = await opened.openImage(parseImageOperand(image), "restore a stream");
  return await work(
    (target, doneBytes, onDurable) =>
      restoreStream(opened, found, name, target, { doneBytes, onDurable, onProgress, signal }),
    findStream(found.manifest, name),
  );
}

function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
