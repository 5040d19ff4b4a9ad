import { UsageError } from "../../../core/errors.ts";
import type { Manifest } from "../../../core/manifest/manifest.ts";
import type { ChunkSource } from "../../../image/store/chunk-source.ts";
import { readTree } from "../../../image/tree-index/tree-index-reader.ts";
import type { DiskOrder } from "../../../journeys/clone/golden/golden-parts.ts";
import { mountPointsOf, withoutUuids, type Layout } from "../../../system/disk/layout/layout.ts";
import { readLayout } from "../../../system/disk/layout/yaml/read-layout.ts";
import { writeLayout } from "../../../system/disk/layout/yaml/write-layout.ts";
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
  manifest: Manifest,
  chunks: ChunkSource,
  identity: IdentityPolicy | undefined,
): Promise<DiskOrder> {
  const chosen =
    layout === undefined
      ? layoutOfSource(manifest, descs, leftOut, identity)
      : withoutDisks(readLayout(layout.text, layout.file), leftOut, manifest);
  const roomy = roomForStreams(chosen, manifest);
  const stranger = Object.keys(bootRecords).find((name) => !roomy.disks.some((disk) => disk.name === name));
  if (stranger !== undefined) throw unknownDisk(stranger, "copy the boot record of", roomy);
  const usage = await measureUsage(readTree(chunks, manifest.tail.tree), [...new Set(["/", ...mountPointsOf(roomy)])]);
  return {
    mayErase,
    layout: writeLayout(roomy),
    usage: JSON.stringify(Object.fromEntries(usage)),
    bootRecords: JSON.stringify(bootRecords),
  };
}

function layoutOfSource(
  manifest: Manifest,
  descs: readonly DescText[],
  leftOut: readonly string[],
  identity: IdentityPolicy | undefined,
): Layout {
  const firmware: readonly Firmware[] = descs.length > 0 ? ["bios"] : ["bios", "uefi"];
  const own = withoutDisks(defaultLayout(manifest.head, firmware), leftOut, manifest);
  // Who becomes somebody else has file systems of its own, too.
  const source = identity === "reset" ? withoutUuids(own) : own;
  return descs.length > 0 ? layoutOfDescTexts(descs, source) : source;
}

/** What the golden system has and nothing of it is mounted from is left out in any case. */
function withoutDisks(layout: Layout, names: readonly string[], { head }: Manifest): Layout {
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
