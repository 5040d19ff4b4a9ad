import { existsSync, linkSync, lstatSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { crashPoint } from "../../../core/crash-points.ts";
import type { OnProgress } from "../../../core/progress.ts";
import { inspectDevice } from "../../../host/disk/inspect-device.ts";
import { openDeviceTarget, openFileTarget, openWrittenFile } from "../../../host/disk/stream-target.ts";
import { syncPath } from "../../../host/replace-file.ts";
import { readStream } from "../../../image/tree-index/stream-index.ts";
import type { ComingImage } from "../../../journeys/clone/node/receive-image.ts";
import { checkDevice } from "../../../system/disk/target/check-device.ts";
import { StreamDiffersError, TargetUnsuitableError } from "../../../system/restore/errors.ts";
import { verifyStream } from "../../../system/restore/streams/write-stream.ts";
import { realPaths } from "../../disk/disk-target.ts";
import { restoreStream } from "../../restore/streams/restore-stream.ts";
import {
  findStream,
  parseStreamPlaces,
  planStreamPlaces,
  type StreamPlace,
} from "../../restore/streams/plan-targets.ts";

/** Which raw streams a node takes beside the tree. */
export interface RawChoices {
  /** `NAME=DEVICE-OR-FILE`. */
  readonly raw?: readonly string[];
  /** Devices that may hold something. */
  readonly mayErase?: readonly string[];
}

/** Who wants to know what is about to be done with the places of raw streams; each is waited for before it is done. */
export interface RawNotices {
  /** Names files until they are whole: 8 hex digits. */
  readonly job?: string;
  /** What the device holds is lost now. */
  readonly erasing?: (device: string) => Promise<void>;
  /** A file is whole, and gets its name. */
  readonly naming?: (path: string, temporary: string) => Promise<void>;
}

/** Who writes raw streams, and who may stop it. */
export interface WritingRaw {
  readonly notices: RawNotices;
  readonly log: (line: string) => void;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads where raw streams are to go, and looks whether they can, as far as that is known before a session is joined.
 *
 * @throws {UsageError} @throws {DeviceRefusedError}
 */
export async function chooseRawPlaces({ raw = [], mayErase = [] }: RawChoices): Promise<readonly StreamPlace[]> {
  const places = parseStreamPlaces(raw);
  for (const { kind, path } of places)
    if (kind === "device") checkDevice(await inspectDevice(path), realPaths(mayErase), "any");
  return places;
}

/**
 * Writes raw streams of an image that comes in to their places, and reads each back. A file gets its name once it is whole; one that an
 * earlier run has finished is read only. A device that was begun holds something from then on.
 *
 * @throws {StreamNotFoundError} @throws {StreamDiffersError} @throws {TargetUnsuitableError} @throws {DeviceRefusedError}
 */
export async function writeRawStreams(
  coming: ComingImage,
  places: readonly StreamPlace[],
  mayErase: readonly string[],
  { log, notices, ...work }: WritingRaw,
): Promise<void> {
  for (const place of places) {
    const { name, path, kind } = place;
    log(`writing stream ${name} to ${path}`);
    if (kind === "file" && existsSync(path)) {
      await assertWritten(coming, place, work);
      // Whoever was killed after it had its name has left it the other one.
      rmSync(temporaryOf(path, notices.job), { force: true });
      continue;
    }
    await planStreamPlaces(coming.manifest, [place], mayErase);
    if (kind === "device") {
      await notices.erasing?.(path);
      using target = openDeviceTarget(path);
      await restoreStream(coming, coming, name, target, work);
    } else await writeFile(coming, place, notices, work);
    log(`verified stream ${name} in ${path}`);
  }
}

/** Where a file is until it is whole. */
export function temporaryOf(path: string, job = "clone"): string {
  return `${path}.rehome-${job}`;
}

type Work = Omit<WritingRaw, "log" | "notices">;

async function writeFile(
  coming: ComingImage,
  { name, path }: StreamPlace,
  { job, naming }: RawNotices,
  work: Work,
): Promise<void> {
  const temporary = temporaryOf(path, job);
  const { sizeBytes } = findStream(coming.manifest, name);
  // What a killed join left there may not be zeros where zeros are wanted.
  rmSync(temporary, { force: true });
  {
    using target = openFileTarget(temporary, sizeBytes);
    await restoreStream(coming, coming, name, target, work);
  }
  await naming?.(path, temporary);
  // A link, unlike a renaming, replaces nothing that came there meanwhile.
  linkSync(temporary, path);
  syncPath(dirname(path));
  crashPoint("clone.stream-published");
  rmSync(temporary);
}

/** @throws {TargetUnsuitableError} If what is there is not the stream. */
async function assertWritten(
  { manifest, chunks }: ComingImage,
  { name, path }: StreamPlace,
  { onProgress, signal }: Work,
): Promise<void> {
  const { sizeBytes } = findStream(manifest, name);
  const refusal = new TargetUnsuitableError(
    path,
    "it is there already",
    "Name a file that is absent, or a block device.",
  );
  const found = lstatSync(path);
  if (!found.isFile() || found.size !== sizeBytes) throw refusal;
  try {
    using target = openWrittenFile(path);
    await verifyStream(readStream(chunks, manifest, name), target, { sizeBytes, onProgress, signal });
  } catch (error) {
    throw error instanceof StreamDiffersError ? refusal : error;
  }
}
