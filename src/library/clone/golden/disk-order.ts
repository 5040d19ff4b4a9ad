import { UsageError } from "../../../core/errors.ts";
import type { Manifest, ManifestHead, StreamFact } from "../../../core/manifest/manifest.ts";
import { streamsOf } from "../../../core/manifest/trees.ts";
import type { ChunkSource } from "../../../image/store/chunk-source.ts";
import { readTree } from "../../../image/tree-index/tree-index-reader.ts";
import type { DiskOrder } from "../../../journeys/clone/golden/golden-parts.ts";
import { mountPointsOf, withoutUuids, type Layout } from "../../../system/disk/layout/layout.ts";
import { readLayout } from "../../../system/disk/layout/yaml/read-layout.ts";
import { writeLayout } from "../../../system/disk/layout/yaml/write-layout.ts";
import type { UsageByMountPoint } from "../../../system/disk/plan/disk-room.ts";
import type { Firmware } from "../../../system/disk/plan/layout-check.ts";
import { defaultLayout } from "../../../system/disk/source/default-layout.ts";
import { measureUsage } from "../../../system/disk/source/measure-usage.ts";
import type { IdentityPolicy } from "../../../system/prepare/operation.ts";
import { layoutOfDescTexts, type DescText } from "../../disk/layouts.ts";
import { roomForStreams } from "../../disk/plan-targets.ts";

/** What the golden node says of the disks of nodes. All of it may be left out: nodes divide theirs as its own are then. */
export interface CloneDisks {
  /** A layout file, read. */
  readonly layout?: Pick<DescText, "file" | "text">;
  readonly descs?: readonly DescText[];
  /** Disks of the golden system that nodes do not get. */
  readonly leftOut?: readonly string[];
  /** The code at the start of disks, in base64, which takes the place of GRUB's. */
  readonly bootRecords?: Readonly<Record<string, string>>;
  /** A node may erase its disks if it asks for that, too. */
  readonly mayErase?: boolean;
}

/** What nodes get, as far as it is known. */
export interface OrderedImage {
  readonly head: ManifestHead;
  readonly streams: readonly StreamFact[];
  /** What it takes below each of the mount points, which are absolute and hold `/`. */
  readonly measure: (mountPoints: readonly string[]) => Promise<UsageByMountPoint>;
}

/** An image that is there. */
export function orderedImage(manifest: Manifest, chunks: ChunkSource): OrderedImage {
  const measure = (mountPoints: readonly string[]): Promise<UsageByMountPoint> =>
    measureUsage(readTree(chunks, manifest.tail.tree), mountPoints);
  return { head: manifest.head, streams: streamsOf(manifest), measure };
}

/** Refuses what cannot be read, before anything is captured for it. @throws {LayoutInvalidError} */
export function assertReadable({ layout, descs = [] }: CloneDisks): void {
  if (layout !== undefined) readLayout(layout.text, layout.file);
  layoutOfDescTexts(descs, undefined);
}

/**
 * Decides what nodes are told of disks.
 *
 * @throws {LayoutInvalidError} @throws {LayoutRefusedError} If the image does not go with it. @throws {UsageError} If it names no disk of the layout.
 */
export async function orderDisks(
  { layout, descs = [], leftOut = [], bootRecords = {}, mayErase = false }: CloneDisks,
  { head, streams, measure }: OrderedImage,
  identity: IdentityPolicy | undefined,
): Promise<DiskOrder> {
  const chosen =
    layout === undefined
      ? layoutOfSource(head, descs, leftOut, identity)
      : withoutDisks(readLayout(layout.text, layout.file), leftOut, head);
  const roomy = roomForStreams(chosen, streams);
  const stranger = Object.keys(bootRecords).find((name) => !roomy.disks.some((disk) => disk.name === name));
  if (stranger !== undefined) throw unknownDisk(stranger, "copy the boot record of", roomy);
  const usage = await measure([...new Set(["/", ...mountPointsOf(roomy)])]);
  return {
    mayErase,
    layout: writeLayout(roomy),
    usage: JSON.stringify(Object.fromEntries(usage)),
    bootRecords: JSON.stringify(bootRecords),
  };
}

function layoutOfSource(
  head: ManifestHead,
  descs: readonly DescText[],
  leftOut: readonly string[],
  identity: IdentityPolicy | undefined,
): Layout {
  const firmware: readonly Firmware[] = descs.length > 0 ? ["bios"] : ["bios", "uefi"];
  const own = withoutDisks(defaultLayout(head, firmware), leftOut, head);
  // Who becomes somebody else has file systems of its own, too.
  const source = identity === "reset" ? withoutUuids(own) : own;
  return descs.length > 0 ? layoutOfDescTexts(descs, source) : source;
}

/** What the golden system has and nothing of it is mounted from is left out in any case. */
function withoutDisks(layout: Layout, names: readonly string[], head: ManifestHead): Layout {
  const known = new Set([...layout.disks, ...(head.hostFacts?.disks ?? [])].map(({ name }) => name));
  const stranger = names.find((name) => !known.has(name));
  if (stranger !== undefined) throw unknownDisk(stranger, "leave out", layout);
  const disks = layout.disks.filter(({ name }) => !names.includes(name));
  if (disks.length > 0) return { ...layout, disks };
  throw new UsageError("cannot leave out all disks: nothing would be left to divide", "Name fewer.");
}

function unknownDisk(name: string, what: string, { disks }: Layout): UsageError {
  return new UsageError(
    `cannot ${what} disk "${name}": the layout has none of that name`,
    `Its disks: ${disks.map((disk) => disk.name).join(", ")}.`,
  );
}
