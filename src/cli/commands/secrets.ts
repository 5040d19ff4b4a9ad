import type { Manifest, SecretFile } from "../../core/manifest/manifest.ts";
import { countOf } from "../render/quantities.ts";
import type { Column } from "../render/table.ts";

/** What lists of secrets show. */
export const secretColumns: readonly Column<SecretFile>[] = [
  { title: "KIND", cell: nameKind },
  { title: "PATH", cell: ({ path }) => `/${path}` },
];

/** A secret in a line: `/etc/shadow (password hashes)`. */
export function formatSecret(file: SecretFile): string {
  return `/${file.path} (${nameKind(file)})`;
}

function nameKind({ kind }: SecretFile): string {
  return kind.replaceAll("-", " ");
}

/** How many secrets an image carries, or carries without their contents, in a line; none where there are none. */
export function describeSecrets({ tail }: Manifest): string[] {
  if (tail.secrets === undefined || tail.secrets.count === 0) return [];
  const { contents, count } = tail.secrets;
  const files = countOf(count, "file with secrets", "files with secrets");
  return [contents === "left-out" ? `${files} left empty` : `${files} in the image`];
}

/** Says of trees that were compared with an image, in a line, what of them was not; none where everything was. */
export function describeNotCompared(count: number): string[] {
  return count === 0
    ? []
    : [`not compared: the contents of ${countOf(count, "file")} that were left out at the capture`];
}
