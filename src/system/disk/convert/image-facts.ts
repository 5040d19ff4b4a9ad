import { RehomeError } from "../../../core/errors.ts";

/** A disk image cannot be used as the source of a conversion. Nothing was written. */
export class DiskImageUnsuitableError extends RehomeError {
  override readonly name = "DiskImageUnsuitableError";
  readonly code = "DISK_IMAGE_UNSUITABLE";

  constructor(path: string, what: string) {
    super(`cannot convert "${path}": ${what}`, "Give an image that is whole in one file.");
  }
}

/**
 * Reads what `qemu-img info --output=json` says: the size of the disk in bytes.
 *
 * @throws {DiskImageUnsuitableError} If the image takes content from other files: it could name any of this host.
 */
export function readImageFacts(path: string, json: string): number {
  const facts = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const specific = recordOf(recordOf(facts["format-specific"])["data"]);
  const extents = Array.isArray(specific["extents"])
    ? specific["extents"].map((extent) => recordOf(extent)["filename"])
    : [];
  const others = [facts["backing-filename"], facts["full-backing-filename"], specific["data-file"], ...extents].filter(
    (name) => name !== undefined && name !== path,
  );
  if (others.length > 0) throw new DiskImageUnsuitableError(path, `it takes content from "${String(others[0])}"`);
  const size = facts["virtual-size"];
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size <= 0)
    throw new DiskImageUnsuitableError(path, "its size cannot be read");
  return size;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
