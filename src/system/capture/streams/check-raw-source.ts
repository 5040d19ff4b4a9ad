import { RawSourceRefusedError } from "../errors.ts";

/** A raw partition or file and who uses it; the host gathers it. */
export interface RawSourceFacts {
  /** Absolute, without symlinks. */
  readonly path: string;
  readonly kind: "device" | "file" | "other" | "absent";
  readonly sizeBytes: number;
  /** Mount points (with whether the file system itself is read-only) and other users, in words. */
  readonly usedBy: readonly { readonly user: string; readonly isReadOnly: boolean }[];
  /** Signatures of what lies on it. */
  readonly holds: readonly string[];
}

/**
 * Refuses what somebody may write to while it is read: half of it would be of before, half of after.
 *
 * @throws {RawSourceRefusedError}
 */
export function checkRawSource({ path, kind, sizeBytes, usedBy }: RawSourceFacts): void {
  if (kind === "absent")
    throw new RawSourceRefusedError(path, "there is no such file or device", "Name a partition, or a file.");
  if (kind === "other")
    throw new RawSourceRefusedError(path, "it is no block device and no regular file", "Name a partition, or a file.");
  if (sizeBytes === 0) throw new RawSourceRefusedError(path, "it is empty", "Name one that holds something.");
  const writers = usedBy.filter(({ isReadOnly }) => !isReadOnly).map(({ user }) => user);
  if (writers.length > 0)
    throw new RawSourceRefusedError(
      path,
      `it is in use (${writers.join(", ")}) and may be written to while it is read`,
      "Unmount it, or mount it read-only (`mount -o remount,ro`); a file system that is known is better captured as a tree.",
    );
}
