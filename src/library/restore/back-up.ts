import type { OnProgress } from "../../core/progress.ts";
import type { ImageId, ImageName } from "../../image/store/image-names.ts";
import type { StoreOptions } from "../store/store.ts";

/** Where a backup goes, and who hears of it. */
export interface BackUpOptions extends StoreOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/**
 * Captures what is in `target` before it is made to equal the image `of`.
 *
 * @param backingUp Told the backup's id before it gets its name.
 */
export async function backUp(
  target: string,
  of: Pick<ImageName, "name">,
  { store, paths, onProgress, signal }: BackUpOptions,
  backingUp: ((backup: ImageId) => Promise<void>) | undefined,
): Promise<ImageName> {
  // Imported here: most restores need no part of it.
  const { captureAsPlanned, planCaptureOf } = await import("../capture/capture.ts");
  const settings = {
    name: `${of.name}-before-restore`.slice(-128),
    ...(store !== undefined && { store }),
    ...(paths && { paths }),
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  };
  const notices = backingUp && { runningHooks: () => Promise.resolve(), publishing: backingUp };
  return (await captureAsPlanned(await planCaptureOf(`${target}/`, settings), settings, notices)).name;
}
