import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../../core/errors.ts";
import { inspectDevice } from "../../host/disk/inspect-device.ts";
import { checkDevice, type DeviceFacts } from "../../system/disk/target/check-device.ts";
import { diskFormatOf, type DiskFormat } from "../../system/disk/convert/disk-format.ts";
import { TargetUnsuitableError } from "../../system/restore/errors.ts";
import { realPath } from "../settings/real-path.ts";
import { assignToDisks } from "./per-disk.ts";

/** Where a disk of a plan is written. */
export type DiskTarget =
  | { readonly kind: "file"; readonly disk: string; readonly path: string; readonly format: DiskFormat }
  | { readonly kind: "device"; readonly disk: string; readonly path: string };

/** The file for each disk, which must not be there. @throws {UsageError} @throws {TargetUnsuitableError} */
export function chooseFiles(outputs: readonly string[], disks: readonly string[]): readonly DiskTarget[] {
  return assignAll(outputs, disks, "-o").map(([disk, given]) => {
    const path = resolve(given);
    const target = { kind: "file", disk, path, format: diskFormatOf(path) } as const;
    if (target.format === "ova" && disks.length > 1)
      throw new UsageError(
        `cannot write "${path}": an OVA of rehome holds one disk, and there are ${disks.length}`,
        "Give a .vmdk for each disk.",
      );
    assertAbsent(path);
    return target;
  });
}

/** @throws {TargetUnsuitableError} If there is something: nothing is written over. */
export function assertAbsent(path: string): void {
  if (existsSync(path))
    throw new TargetUnsuitableError(path, "it is there already", "Give another name, or remove it first.");
}

/**
 * The device for each disk.
 *
 * @throws {DeviceRefusedError} If one is in use, or holds something and is not in `mayErase`.
 */
export async function chooseDevices(
  devices: readonly string[],
  mayErase: readonly string[],
  disks: readonly string[],
): Promise<readonly { readonly target: DiskTarget; readonly facts: DeviceFacts }[]> {
  const chosen = assignAll(devices, disks, "--device");
  const named = realPaths(mayErase);
  return await Promise.all(
    chosen.map(async ([disk, given]) => {
      const path = realPath(resolve(given));
      const facts = await inspectDevice(path);
      checkDevice(facts, named);
      return { target: { kind: "device", disk, path } as const, facts };
    }),
  );
}

/** Absolute paths without symlinks. */
export function realPaths(paths: readonly string[]): string[] {
  return paths.map((path) => realPath(resolve(path)));
}

function assignAll(values: readonly string[], disks: readonly string[], what: string): [string, string][] {
  const assigned = assignToDisks(values, disks, what);
  const missing = disks.filter((disk) => !assigned.has(disk));
  if (missing.length > 0)
    throw new UsageError(
      `cannot write the disk "${missing[0]}": no ${what} is given for it`,
      `The layout has ${disks.length} disks; give ${what} DISK=PATH for each.`,
    );
  return [...assigned];
}
