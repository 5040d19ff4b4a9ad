import type { FileSystemTableEntry } from "../../../core/manifest/manifest.ts";

const maxEntries = 1000;

/** The entries of an fstab(5) file; `\040` and the like are written out. Lines without the first three fields are passed over. */
export function parseFileSystemTable(text: string): FileSystemTableEntry[] {
  const entries: FileSystemTableEntry[] = [];
  for (const line of text.split("\n")) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [source, mountPoint, type, options] = line
      .trim()
      .split(/[ \t]+/, 4)
      .map(unescapeOctal);
    if (source === undefined || mountPoint === undefined || type === undefined) continue;
    entries.push({ source, mountPoint, type, options: options ?? "defaults" });
    if (entries.length === maxEntries) break;
  }
  return entries;
}

function unescapeOctal(field: string): string {
  return field.replaceAll(/\\(040|011|012|134)/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
