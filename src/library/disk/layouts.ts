import { readFileSync } from "node:fs";
import { observeHost } from "../../host/facts/index.ts";
import { describeHost } from "../../system/facts/index.ts";
import { applyDesc } from "../../system/disk/desc/apply-desc.ts";
import { readDesc } from "../../system/disk/desc/read-desc.ts";
import type { DiskLayout, Layout } from "../../system/disk/layout/layout.ts";
import { defaultDiskName, readLayout } from "../../system/disk/layout/yaml/read-layout.ts";
import type { Firmware } from "../../system/disk/plan/layout-check.ts";
import { defaultLayout } from "../../system/disk/source/default-layout.ts";
import { layoutOfDisks } from "../../system/disk/source/source-layout.ts";
import { showImage } from "../images/images.ts";
import type { StoreOptions } from "../store/store.ts";
import { splitName } from "./per-disk.ts";

/** The layout of this host's disks. @throws {LayoutRefusedError} If nothing is mounted from a disk that can be described. */
export async function layoutOfHost(signal?: AbortSignal): Promise<Layout> {
  return layoutOfDisks(describeHost(await observeHost(signal)).disks);
}

/** The layout of the disks that an image was captured from; where they are not known, one disk that holds all of it. */
export async function layoutOfImage(
  image: string,
  firmware: readonly Firmware[],
  options: StoreOptions = {},
): Promise<Layout> {
  return defaultLayout((await showImage(image, options)).manifest.head, firmware);
}

/** Reads a layout of YAML or JSON. @throws {LayoutInvalidError} */
export function readLayoutFile(path: string): Layout {
  return readLayout(readFileSync(path, "utf8"), path);
}

/**
 * Makes a layout of `desc` files, one for each disk, each `FILE` or `DISK=FILE`. With the layout that an image was captured from, their
 * partitions get what those of the image hold.
 *
 * @throws {LayoutInvalidError} @throws {LayoutRefusedError} If the image has other partitions.
 */
export function layoutOfDescs(files: readonly string[], source: Layout | undefined): Layout {
  return layoutOfDescTexts(files.map(readDescFile), source);
}

/** A `desc` file as it was read; `disk`: which one it describes. */
export interface DescText {
  readonly disk?: string;
  readonly file: string;
  readonly text: string;
}

/** Reads `FILE` or `DISK=FILE`. */
export function readDescFile(given: string): DescText {
  const [disk, file] = splitName(given);
  return { ...(disk !== undefined && { disk }), file, text: readFileSync(file, "utf8") };
}

/** As {@link layoutOfDescs}, of files that were read. @throws {LayoutInvalidError} @throws {LayoutRefusedError} */
export function layoutOfDescTexts(descs: readonly DescText[], source: Layout | undefined): Layout {
  const disks = descs.map(({ disk, file, text }, index): DiskLayout =>
    readDesc(text, file, disk ?? source?.disks[index]?.name ?? defaultDiskName(index)),
  );
  return source === undefined ? { version: 1, disks } : applyDesc(disks, source);
}
