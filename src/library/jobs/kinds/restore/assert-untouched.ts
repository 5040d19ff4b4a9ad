import { parseImageOperand } from "../../../../core/operand.ts";
import { displayBytes } from "../../../../core/tree/byte-string.ts";
import { UndoRefusedError } from "../../../../engine/errors.ts";
import type { JobId } from "../../../../engine/job.ts";
import type { ImageId } from "../../../../image/store/image-names.ts";
import type { Difference } from "../../../../system/compare/difference.ts";
import { parseTreePath } from "../../../images/images.ts";
import type { RestoreResult } from "../../../restore/restore.ts";
import { checkTarget } from "../../../restore/restore-check.ts";
import { trustingAnybody, type Paths } from "../../../settings/settings.ts";
import { openStore } from "../../../store/store.ts";

/** What a tree is held against. */
export interface Origin {
  readonly parameters: {
    readonly image: string;
    readonly store: string;
    readonly paths: Paths;
    /** `path`: only what lies there was restored. */
    readonly options: { readonly path?: string };
  };
  /** The image of what was in the directory before; what only that had may be there still. */
  readonly backup?: ImageId;
  readonly signal: AbortSignal;
}

/**
 * A tree that somebody has worked in since it was restored is not ours to remove, nor to replace.
 *
 * @throws {UndoRefusedError}
 */
export async function assertUntouched(
  id: JobId,
  root: string,
  { lossCount, prepared }: RestoreResult,
  { parameters, backup, signal }: Origin,
): Promise<void> {
  const { image, options, store, paths } = parameters;
  const differencesTo = async (operand: string): Promise<readonly Difference[]> => {
    using opened = await openStore({ store, paths: trustingAnybody(paths) });
    await using found = await opened.openImage(parseImageOperand(operand), "undo a restore");
    const path = parseTreePath(options.path ?? "");
    const settings = { store: opened, manifest: found.manifest, root, path, fromDevice: false, signal };
    return (await checkTarget({ ...settings, onProgress: () => undefined })).differences;
  };
  const fromBefore =
    backup === undefined
      ? undefined
      : new Set(
          (await differencesTo(`@${backup}`)).filter(({ change }) => change !== "removed").map(({ path }) => path),
        );
  const made = new Set(prepared?.changed);
  const touched = (await differencesTo(image))
    // What it became on the way.
    .filter(({ path }) => !made.has(displayBytes(path)))
    // What is in neither image, or differs from the one it was in.
    .filter(({ change, path }) => change !== "added" || fromBefore === undefined || fromBefore.has(path))
    // What the target could not be given does not tell of anybody's work.
    .filter(({ change, aspects }) => change !== "changed" || lossCount === 0 || aspects.some(isOfContent));
  const [first] = touched;
  if (first === undefined) return;
  throw new UndoRefusedError(
    id,
    `"${root}" was changed since, at "/${displayBytes(first.path)}" for one (${touched.length} in all)`,
    `Bring away what is needed of "${root}", then undo what was changed, or remove it by hand.`,
  );
}

function isOfContent(aspect: Difference["aspects"][number]): boolean {
  return ["kind", "content", "target", "device", "hard-link"].includes(aspect);
}
