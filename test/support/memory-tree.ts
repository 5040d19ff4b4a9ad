import type { ByteString } from "../../src/core/tree/byte-string.ts";
import type { TreeFiles } from "../../src/system/disk/build/ports.ts";

/** A tree of plain files in memory, by their paths; `written` shows what was put into it. */
export function memoryTree(
  files: Readonly<Record<string, string>>,
): TreeFiles & { readonly written: Map<string, string> } {
  const content = new Map(Object.entries(files));
  const below = (path: string): string[] =>
    [...content.keys()].filter((name) => path === "" || name.startsWith(`${path}/`));
  return {
    written: content,
    read: (path) => content.get(path) as ByteString | undefined,
    readBytes(path) {
      const text = content.get(path);
      return text === undefined ? undefined : Buffer.from(text, "latin1");
    },
    list: (path) =>
      [
        ...new Set(
          below(path).map((name) => name.slice(path === "" ? 0 : path.length + 1).split("/")[0] as ByteString),
        ),
      ].toSorted(),
    stat(path) {
      const text = content.get(path);
      if (text !== undefined) return { kind: "file", sizeBytes: text.length };
      return below(path).length > 0 ? { kind: "directory", sizeBytes: 0 } : undefined;
    },
    linkTarget: () => undefined,
    write: (path, bytes) => void content.set(path, Buffer.from(bytes).toString("latin1")),
    remove(path) {
      for (const name of [path, ...below(path)]) content.delete(name);
    },
  };
}
