import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync, statSync } from "node:fs";
import { parseMountInfo } from "../../core/mount-info.ts";
import type { OpenRawSource } from "../../system/capture/ports.ts";
import type { RawSourceFacts } from "../../system/capture/streams/check-raw-source.ts";
import { lseek } from "../libc.ts";
import { loopDevicesOver } from "./loop-devices.ts";
import { inspectDevice, signaturesOf } from "./inspect-device.ts";

const seekEnd = 2;

/** Looks at a raw partition or file and at who uses it. Changes nothing. */
export async function inspectRawSource(named: string, signal?: AbortSignal): Promise<RawSourceFacts> {
  if (statSync(named, { throwIfNoEntry: false }) === undefined)
    return { path: named, kind: "absent", sizeBytes: 0, usedBy: [], holds: [] };
  const path = realpathSync(named);
  const found = statSync(path);
  if (found.isBlockDevice()) {
    const { sizeBytes, signatures } = await inspectDevice(path, signal);
    return { path, kind: "device", sizeBytes, usedBy: await usersOf(path, signal), holds: signatures };
  }
  if (!found.isFile()) return { path, kind: "other", sizeBytes: 0, usedBy: [], holds: [] };
  const usedBy = (await Promise.all(loopDevicesOver(path).map((device) => usersOf(device, signal)))).flat();
  return { path, kind: "file", sizeBytes: found.size, usedBy, holds: await signaturesOf(path, signal) };
}

/** Opens a raw partition or file that was looked at. */
export function openRawSource({ path, kind, usedBy }: RawSourceFacts): OpenRawSource {
  // A device that this process has for itself can be mounted by nobody; one that is mounted read-only is another's already.
  const own = kind === "device" && usedBy.length === 0 ? constants.O_EXCL : 0;
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | own);
  const before = fstatSync(file, { bigint: true });
  return {
    file,
    sizeBytes: lseek(file, 0, seekEnd),
    hasChanged() {
      const now = fstatSync(file, { bigint: true });
      return kind === "file" && (now.mtimeNs !== before.mtimeNs || now.size !== before.size);
    },
    [Symbol.asyncDispose]() {
      closeSync(file);
      return Promise.resolve();
    },
  };
}

async function usersOf(device: string, signal: AbortSignal | undefined): Promise<RawSourceFacts["usedBy"]> {
  const { usedBy } = await inspectDevice(device, signal);
  const readOnly = readOnlyMounts();
  return usedBy.map((user) => ({ user, isReadOnly: readOnly.has(user) }));
}

/** Where file systems are mounted that cannot be written to at all: a read-only bind mount of one that can does not count. */
function readOnlyMounts(): Set<string> {
  const mounts = parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"));
  const isReadOnly = (options: string): boolean => options.split(",").includes("ro");
  return new Set(mounts.filter(({ superOptions }) => isReadOnly(superOptions)).map(({ mountPoint }) => mountPoint));
}
