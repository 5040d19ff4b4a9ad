import { parseDisplayed, type TreePath } from "../tree/byte-string.ts";
import type { Manifest, SecretFile } from "./manifest.ts";

/** The files of an image whose contents were left out since they are secrets: the image has them as empty files. In walk order. */
export function leftOutFiles({ tail }: Manifest): readonly SecretFile[] {
  return tail.secrets?.contents === "left-out" ? tail.secrets.files : [];
}

/** The paths of {@link leftOutFiles}. */
export function leftOutPaths(manifest: Manifest): ReadonlySet<TreePath> {
  return new Set(leftOutFiles(manifest).map(({ path }) => parseDisplayed(path)));
}
