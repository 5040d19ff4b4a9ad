import { UsageError } from "../../core/errors.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { streamsOf } from "../../core/manifest/trees.ts";
import type { ImageName } from "../../image/store/image-names.ts";
import type { Hypervisor } from "../../system/disk/convert/disk-format.ts";
import { withoutUuids, type Layout } from "../../system/disk/layout/layout.ts";
import type { DiskPlan } from "../../system/disk/plan/disk-plan.ts";
import type { UsageByMountPoint } from "../../system/disk/plan/disk-room.ts";
import type { Firmware } from "../../system/disk/plan/layout-check.ts";
import { planDisks } from "../../system/disk/plan/plan-disk.ts";
import { seededUuids } from "../../system/disk/plan/uuids.ts";
import { withMinimums } from "../../system/disk/stack/stack-room.ts";
import { defaultLayout } from "../../system/disk/source/default-layout.ts";
import { assertKnownOperations, whyOmitted } from "../../system/prepare/plan.ts";
import { operations } from "../../system/prepare/operations.ts";
import { parseSize } from "../../core/size.ts";
import { showImage } from "../images/images.ts";
import type { PrepareOptions } from "../prepare/prepare.ts";
import type { StoreOptions } from "../store/store.ts";
import { chooseFiles, type DiskTarget } from "./disk-target.ts";
import { assertTakes } from "./hypervisors.ts";
import { layoutOfDescs, readLayoutFile } from "./layouts.ts";
import { choosePassphraseFiles } from "./luks-passphrases.ts";
import { assignToDisks } from "./per-disk.ts";
import { smallestSize, usageOfImage } from "./plan-layout.ts";
import { assertNothingLacks, firmwareFor, planOnDevices, roomForStreams, type PlaceOptions } from "./plan-targets.ts";
import { randomUUID } from "node:crypto";

/** What of a preparation is chosen for a disk; its new home is the disk. */
export type DiskPrepareOptions = Pick<PrepareOptions, "identity" | "fresh" | "hostname" | "mapNic" | "only" | "skip">;

/** The virtual computer that an OVA describes. */
export interface MachineSize {
  readonly processorCount: number;
  readonly memoryBytes: number;
}

/** The computer of an OVA unless another is asked for. */
export const defaultMachine: MachineSize = { processorCount: 2, memoryBytes: 2 * 2 ** 30 };

/** What disk to build. Everything has a default but where it goes: files or devices. */
export interface DiskBuildOptions extends StoreOptions {
  /** `FILE` or `DISK=FILE`; the ending tells the format. */
  readonly outputs?: readonly string[];
  /** `DEVICE` or `DISK=DEVICE`. */
  readonly devices?: readonly string[];
  /** Devices that may hold something. */
  readonly mayErase?: readonly string[];
  /** A layout file; by default that of the disks that the image was captured from. */
  readonly layout?: string;
  /** `desc` files, each `FILE` or `DISK=FILE`. */
  readonly descs?: readonly string[];
  /** `SIZE` or `DISK=SIZE`. */
  readonly sizes?: readonly string[];
  readonly firmware?: readonly Firmware[];
  /** All that is not given comes from this: two builds of one image with one seed are equal. */
  readonly uuidSeed?: string;
  /** Files with the passphrases of LUKS, each `FILE` or `LUKS=FILE`. Only their names are ever kept. */
  readonly luksPassphraseFiles?: readonly string[];
  readonly prepare?: DiskPrepareOptions;
  readonly hypervisor?: Hypervisor;
  readonly machine?: MachineSize;
}

/** An operation of the preparation, before the tree is there that it looks at. */
export interface DiskOperation {
  readonly name: string;
  readonly summary: string;
  readonly whyLeftOut?: string;
}

/** A build of disks, every choice taken: plain data. */
export interface PlannedDiskBuild {
  readonly image: ImageName;
  readonly plan: DiskPlan;
  readonly targets: readonly DiskTarget[];
  readonly firmware: readonly Firmware[];
  /** The file with the passphrase of each LUKS, by its name. */
  readonly passphraseFiles?: Readonly<Record<string, string>>;
  /** What the menu of the boot loader calls the system. */
  readonly systemName: string;
  /** What is done to the tree, if there is something to do. */
  readonly operations: readonly DiskOperation[];
  /** No file of the tree is newer than this; undefined where times are as they come. */
  readonly newestMs?: number;
}

const gib = 2 ** 30;

/**
 * Decides what is built and where. Changes nothing.
 *
 * @throws {LayoutRefusedError} With everything that is in the way. @throws {DeviceRefusedError} @throws {TargetUnsuitableError}
 * @throws {LayoutInvalidError} @throws {UsageError}
 */
export async function planDiskBuild(image: string, options: DiskBuildOptions): Promise<PlannedDiskBuild> {
  const { outputs = [], devices = [], mayErase = [], prepare = {} } = options;
  if (outputs.length > 0 === devices.length > 0)
    throw new UsageError(
      `cannot build a disk ${outputs.length > 0 ? "into files and devices at once" : "without a place for it"}`,
      "Give -o FILE or --device DEVICE.",
    );
  assertKnownOperations(operations, { only: prepare.only ?? [], skip: prepare.skip ?? [] });
  const { name, manifest } = await showImage(image, options);
  const layout = roomForStreams(chooseLayout(manifest, options), streamsOf(manifest));
  const firmware = options.firmware ?? firmwareFor(layout);
  const usage = await usageOfImage(image, layout, options);
  const places = { firmware, usage, uuids: seededUuids(options.uuidSeed ?? randomUUID()) };
  const { plan, targets } =
    devices.length > 0
      ? await planOnDevices(layout, { ...places, devices, mayErase })
      : planInFiles(layout, manifest, { ...options, ...places, outputs });
  const systemName = manifest.head.facts.osRelease?.["PRETTY_NAME"] ?? manifest.head.name;
  // Whole seconds, as mkfs takes them for what it makes: a disk built in the second of the capture is no other.
  const capturedAtMs = Math.floor(Date.parse(manifest.head.capturedAt) / 1000) * 1000;
  const newestMs = options.uuidSeed === undefined ? undefined : capturedAtMs;
  const passphraseFiles = choosePassphraseFiles(plan, options.luksPassphraseFiles ?? []);
  const found = { image: name, plan, targets, firmware, passphraseFiles, systemName };
  return { ...found, operations: listOperations(prepare), ...(newestMs !== undefined && { newestMs }) };
}

function planInFiles(
  layout: Layout,
  manifest: Manifest,
  options: PlaceOptions & Pick<DiskBuildOptions, "hypervisor" | "sizes"> & { readonly outputs: readonly string[] },
): Pick<PlannedDiskBuild, "plan" | "targets"> {
  const { outputs, hypervisor, firmware, usage, uuids } = options;
  const targets = chooseFiles(
    outputs,
    layout.disks.map(({ name }) => name),
  );
  for (const target of targets) if (target.kind === "file") assertTakes(hypervisor, target.format);
  const sizes = chooseSizes(layout, manifest, usage, options.sizes ?? []);
  const plan = planDisks(layout, { sizes, firmware, usage, uuids });
  assertNothingLacks(plan, targets, firmware);
  return { plan, targets };
}

function listOperations({ identity = "keep", only = [], skip = [] }: DiskPrepareOptions): DiskOperation[] {
  return operations
    .filter(({ name }) => name !== "boot-entry") // of this host's firmware, which is not to start the disk
    .map((operation) => {
      const whyLeftOut = whyOmitted(operation, identity, { only, skip });
      return { name: operation.name, summary: operation.summary, ...(whyLeftOut !== undefined && { whyLeftOut }) };
    });
}

function chooseLayout({ head }: Manifest, { layout, descs = [], firmware, prepare }: DiskBuildOptions): Layout {
  if (layout !== undefined) {
    if (descs.length > 0)
      throw new UsageError("cannot use a layout and desc files together", "Give --layout or --desc.");
    return readLayoutFile(layout);
  }
  const own = defaultLayout(head, firmware ?? (descs.length > 0 ? ["bios"] : ["bios", "uefi"]));
  // Who becomes somebody else has file systems of its own, too.
  const source = prepare?.identity === "reset" ? withoutUuids(own) : own;
  return descs.length > 0 ? layoutOfDescs(descs, source) : source;
}

/** A disk is as large as the one it was captured from, if that is enough; without one there is some room to grow. */
function chooseSizes(
  layout: Layout,
  { head }: Manifest,
  usage: UsageByMountPoint,
  given: readonly string[],
): ReadonlyMap<string, number> {
  const names = layout.disks.map(({ name }) => name);
  const assigned = assignToDisks(given, names, "--size");
  const sizes = withMinimums(layout, usage).disks.map((disk): readonly [string, number] => {
    const size = assigned.get(disk.name);
    if (size !== undefined) return [disk.name, parseSize(size)];
    const smallest = smallestSize(disk, usage);
    const before = head.hostFacts?.disks.find(({ name }) => name === disk.name)?.sizeBytes ?? 0;
    return [disk.name, before >= smallest ? before : Math.ceil(smallest / gib + 1) * gib];
  });
  return new Map(sizes);
}
