import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import { parseRecordedPath } from "./tree-path.ts";

/** A line of a `.md5sums` file. */
export interface FileDigest {
  readonly path: TreePath;
  readonly md5: string;
}

/** The lines of a `.md5sums` file, at most `maxFiles`; lines of another form are passed over. */
export function parseDigestList(text: ByteString, maxFiles: number): FileDigest[] {
  const files: FileDigest[] = [];
  for (let at = 0; at < text.length && files.length < maxFiles;) {
    const newline = text.indexOf("\n", at);
    const end = newline === -1 ? text.length : newline;
    const md5 = text.slice(at, at + 32);
    const path = /^[ ][ *]/.test(text.slice(at + 32, at + 34))
      ? parseRecordedPath(text.slice(at + 34, end))
      : undefined;
    if (path !== undefined && /^[0-9a-f]{32}$/.test(md5)) files.push({ path, md5 });
    at = end + 1;
  }
  return files;
}
