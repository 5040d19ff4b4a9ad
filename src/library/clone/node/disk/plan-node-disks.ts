import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { UsageError } from "../../../../core/errors.ts";
import type { StreamFact } from "../../../../core/manifest/manifest.ts";
import { FormatInvalidError } from "../../../../image/errors.ts";
import type { SeenSession } from "../../../../journeys/clone/node/look-at-session.ts";
import { mountPointsOf, type Layout } from "../../../../system/disk/layout/layout.ts";
import { readLayout } from "../../../../system/disk/layout/yaml/read-layout.ts";
import type { DiskPlan } from "../../../../system/disk/plan/disk-plan.ts";
import type { UsageByMountPoint } from "../../../../system/disk/plan/disk-room.ts";
import type { Firmware } from "../../../../system/disk/plan/layout-check.ts";
import { seededUuids } from "../../../../system/disk/plan/uuids.ts";
import { realPaths, type DiskTarget } from "../../../disk/disk-target.ts";
import { choosePassphraseFiles } from "../../../disk/luks-passphrases.ts";
import { splitName } from "../../../disk/per-disk.ts";
import { firmwareFor, planOnDevices, roomForStreams } from "../../../disk/plan-targets.ts";

/** Which disks of a node are written, and how. */
export interface NodeDiskChoices {
  /** `DEVICE` or `DISK=DEVICE`. */
  readonly disks: readonly string[];
  /** A layout file of this node, instead of what the golden node says. */
  readonly layout?: string;
  /** Devices that may hold something. */
  readonly mayErase?: readonly string[];
  /** All of them may, if the golden node says so too. */
  readonly mayEraseAll?: boolean;
  /** Files with the passphrases of LUKS, each `FILE` or `LUKS=FILE`. Only their names are ever kept. */
  readonly luksPassphraseFiles?: readonly string[];
}

/** What is written to the disks of a node, every choice taken: plain data. */
export interface NodeDisks {
  readonly plan: DiskPlan;
  readonly targets: readonly DiskTarget[];
  readonly firmware: readonly Firmware[];
  /** In base64, by the name of a disk: the code at its start. */
  readonly bootRecords: Readonly<Record<string, string>>;
  /** The file with the passphrase of each LUKS, by its name. */
  readonly passphraseFiles?: Readonly<Record<string, string>>;
}

/** {@link NodeDisks}, and what would be lost for them. */
export interface PlannedNodeDisks extends NodeDisks {
  /** By device: what it holds now. */
  readonly erases: Readonly<Record<string, readonly string[]>>;
}

/** What is known of the image, for a node that has a layout of its own: it measures it, once the index is there. */
export interface KnownImage {
  readonly streams: readonly StreamFact[];
  readonly measure: (mountPoints: readonly string[]) => Promise<UsageByMountPoint>;
}

/** The devices that were named, absolute and without symlinks. */
export function devicesOf({ disks }: Pick<NodeDiskChoices, "disks">): string[] {
  return realPaths(disks.map((given) => splitName(given)[1]));
}

/**
 * Decides how the disks of a node are divided. Changes nothing.
 *
 * @param isBegun An earlier run of the same join has written to them.
 * @throws {LayoutRefusedError} With everything that is in the way. @throws {DeviceRefusedError} @throws {LayoutInvalidError} @throws {UsageError}
 */
export async function planNodeDisks(
  { disk }: Pick<SeenSession, "disk">,
  choices: NodeDiskChoices,
  { isBegun, known }: { readonly isBegun: boolean; readonly known?: KnownImage },
): Promise<PlannedNodeDisks> {
  const { disks, layout: file, mayErase = [], mayEraseAll = false } = choices;
  if (mayEraseAll && !disk.mayErase)
    throw new UsageError(
      "cannot use --yes-erase-all: the golden node was not given it",
      "Name each disk with --yes-erase, or serve with --yes-erase-all too.",
    );
  const own = file === undefined ? undefined : readLayout(readFileSync(file, "utf8"), file);
  const layout = own ?? readLayout(disk.layout, "the golden node's layout");
  assertNamed(disks, layout);
  const roomy = known === undefined ? layout : roomForStreams(layout, known.streams);
  const bootRecords = own === undefined ? readBootRecords(disk.bootRecords) : {};
  const firmware = firmwareFor(roomy);
  const usage = own === undefined ? readUsage(disk.usage) : await known?.measure(["/", ...mountPointsOf(roomy)]);
  const { plan, targets, erases } = await planOnDevices(roomy, {
    devices: disks,
    mayErase: [...mayErase, ...(mayEraseAll || isBegun ? devicesOf(choices) : [])],
    firmware,
    usage: usage ?? new Map(),
    uuids: seededUuids(randomUUID()),
  });
  return {
    plan,
    targets,
    firmware: withoutRecorded(firmware, roomy, bootRecords),
    bootRecords,
    passphraseFiles: choosePassphraseFiles(plan, choices.luksPassphraseFiles ?? []),
    erases: Object.fromEntries(erases),
  };
}

/** @throws {UsageError} If a disk is named that the layout does not have. */
function assertNamed(disks: readonly string[], layout: Layout): void {
  const names = layout.disks.map(({ name }) => name);
  const stranger = disks
    .map((given) => splitName(given)[0])
    .find((name) => name !== undefined && !names.includes(name));
  if (stranger !== undefined)
    throw new UsageError(
      `cannot write disk "${stranger}": the layout has none of that name`,
      `Its disks: ${names.join(", ")}.`,
    );
}

/** A disk that gets the boot record of another gets no GRUB for a BIOS. */
function withoutRecorded(
  firmware: readonly Firmware[],
  { disks: [first] }: Layout,
  bootRecords: NodeDisks["bootRecords"],
): readonly Firmware[] {
  const isRecorded = first !== undefined && bootRecords[first.name] !== undefined;
  return firmware.filter((kind) => kind !== "bios" || !isRecorded);
}

function readUsage(text: string): UsageByMountPoint {
  return new Map(
    Object.entries(readObject(text, "the golden node's usage")).map(([mountPoint, usage]) => {
      const { bytes, entries } = (usage ?? {}) as { readonly bytes?: unknown; readonly entries?: unknown };
      if (!Number.isSafeInteger(bytes) || !Number.isSafeInteger(entries))
        throw new FormatInvalidError("the golden node's usage", `"${mountPoint}" has no numbers`);
      return [mountPoint, { bytes: bytes as number, entries: entries as number }];
    }),
  );
}

/** How much code a boot record has; what follows belongs to the disk it lies on. */
export const bootRecordBytes = 440;

function readBootRecords(text: string): Readonly<Record<string, string>> {
  const records = readObject(text, "the golden node's boot records");
  for (const [disk, record] of Object.entries(records))
    if (typeof record !== "string" || Buffer.from(record, "base64").length !== bootRecordBytes)
      throw new FormatInvalidError(
        "the golden node's boot records",
        `that of "${disk}" has not ${bootRecordBytes} bytes`,
      );
  return records as Readonly<Record<string, string>>;
}

function readObject(text: string, what: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new FormatInvalidError(what, "it is no JSON", { cause: error });
  }
  throw new FormatInvalidError(what, "it is no object");
}
