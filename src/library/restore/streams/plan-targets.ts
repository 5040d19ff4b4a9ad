import { closeSync, existsSync, openSync, readSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "../../../core/errors.ts";
import type { Manifest, StreamFact } from "../../../core/manifest/manifest.ts";
import { parseNamedStream } from "../../../core/manifest/stream-name.ts";
import { streamsOf } from "../../../core/manifest/trees.ts";
import { inspectDevice } from "../../../host/disk/inspect-device.ts";
import { isBlockDevice } from "../../../host/disk/loop-devices.ts";
import { StreamNotFoundError } from "../../../image/errors.ts";
import { checkDevice, type DeviceFacts } from "../../../system/disk/target/check-device.ts";
import { TargetUnsuitableError } from "../../../system/restore/errors.ts";
import { realPath } from "../../settings/real-path.ts";

/** Where a stream is to be written. `path` is absolute and without symlinks. */
export interface StreamPlace {
  readonly name: string;
  readonly path: string;
  readonly kind: "device" | "file";
}

/** Reads `NAME=DEVICE-OR-FILE`; all that is not a block device is a file to be made. @throws {UsageError} */
export function parseStreamPlaces(raw: readonly string[]): StreamPlace[] {
  const places = raw.map((text) => {
    const { name, rest } = parseNamedStream(text);
    const path = realPath(resolve(rest));
    return { name, path, kind: isBlockDevice(path) ? "device" : "file" } as const;
  });
  const twice = places.find(({ path }, at) => places.findIndex((other) => other.path === path) !== at);
  if (twice) throw new UsageError(`cannot write two streams to "${twice.path}"`, "Name another place for one of them.");
  return places;
}

/** The stream of an image that is to be written. @throws {StreamNotFoundError} */
export function findStream(manifest: Manifest, name: string): StreamFact {
  const found = streamsOf(manifest).find((stream) => stream.name === name);
  if (found) return found;
  throw new StreamNotFoundError(
    name,
    streamsOf(manifest).map((stream) => stream.name),
  );
}

/** A place for a stream, and what would be lost there. */
export interface PlannedStreamPlace extends StreamPlace {
  readonly stream: StreamFact;
  readonly erases: readonly string[];
}

/**
 * Looks whether streams can be written to their places. Changes nothing.
 *
 * @throws {StreamNotFoundError} @throws {DeviceRefusedError} @throws {TargetUnsuitableError}
 */
export async function planStreamPlaces(
  manifest: Manifest,
  places: readonly StreamPlace[],
  mayErase: readonly string[],
): Promise<PlannedStreamPlace[]> {
  const planned: PlannedStreamPlace[] = [];
  for (const place of places) {
    const stream = findStream(manifest, place.name);
    if (place.kind === "file") checkFile(place.path, stream);
    const erases = place.kind === "device" ? await checkTarget(place.path, stream, mayErase) : [];
    planned.push({ ...place, stream, erases });
  }
  return planned;
}

/** The facts of a device that a stream fits on, and that nobody uses. @throws {DeviceRefusedError} @throws {TargetUnsuitableError} */
export async function inspectTarget(path: string, stream: StreamFact, signal?: AbortSignal): Promise<DeviceFacts> {
  const facts = await inspectDevice(path, signal);
  if (facts.sizeBytes < stream.sizeBytes)
    throw new TargetUnsuitableError(
      path,
      `it has ${facts.sizeBytes} bytes and ${stream.sizeBytes} are needed`,
      "Name a larger partition.",
    );
  checkDevice({ ...facts, signatures: [] }, [], "any");
  return facts;
}

async function checkTarget(path: string, stream: StreamFact, mayErase: readonly string[]): Promise<readonly string[]> {
  const facts = await inspectTarget(path, stream);
  const signatures = facts.signatures.length > 0 || isZeroAtStart(path) ? facts.signatures : ["unknown data"];
  const named = mayErase.map((device) => realPath(resolve(device)));
  checkDevice({ ...facts, signatures }, named, "any");
  return signatures;
}

/** @throws {TargetUnsuitableError} */
function checkFile(path: string, { dataBytes }: StreamFact): void {
  if (existsSync(path))
    throw new TargetUnsuitableError(path, "it is there already", "Name a file that is absent, or a block device.");
  const directory = dirname(path);
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new TargetUnsuitableError(path, `there is no directory "${directory}"`, "Make it, or name another place.");
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < dataBytes)
    throw new TargetUnsuitableError(
      path,
      `${bavail * bsize} bytes are free and about ${dataBytes} are needed`,
      "Free room there, or choose another file system.",
    );
}

const lookedAtBytes = 1024 * 1024;

function isZeroAtStart(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(lookedAtBytes);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)).every((byte) => byte === 0);
  } finally {
    closeSync(file);
  }
}
