import { existsSync } from "node:fs";
import { ensurePrivateMounts } from "../../host/disk/private-mounts.ts";

/**
 * Gives a program that is going to mount file systems a view of its own, in which nobody else sees them and which ends with it. The
 * program begins anew, so this comes before anything else; it does nothing for others than root, who mount nothing.
 *
 * @throws {ToolFailedError} If `unshare` is missing.
 */
export function keepMountsPrivate(): void {
  if (process.getuid?.() === 0 && existsSync("/proc/self/ns/mnt")) ensurePrivateMounts();
}
