import type { ByteString } from "../../../core/tree/byte-string.ts";
import type { FileDescriptor, InodeStat, TreeReader } from "../../../core/tree/tree-reader.ts";
import { cutParameters } from "../../../image/chunker/cut.ts";

/** Part of a file longer than a span: a hole, or data within one span. */
export interface FilePart {
  readonly kind: "hole" | "data";
  readonly offset: number;
  readonly lengthBytes: number;
}

/** Finds the parts of a long file, in order; they fill its size. The file stays open meanwhile. */
export function* findFileParts(
  tree: TreeReader,
  directory: FileDescriptor,
  name: ByteString,
  stat: InodeStat,
): Generator<FilePart, void, undefined> {
  const { sizeBytes } = stat;
  const file = tree.openFile(directory, name);
  try {
    for (let at = 0; at < sizeBytes;) {
      const data = tree.seekData(file, at);
      const start = data < 0 ? sizeBytes : Math.min(data, sizeBytes);
      if (start > at) yield { kind: "hole", offset: at, lengthBytes: start - at };
      if (start === sizeBytes) return;
      at = Math.min(tree.seekHole(file, start), sizeBytes);
      yield* cutAtSpans(start, at);
    }
  } finally {
    tree.close(file);
  }
}

function* cutAtSpans(start: number, end: number): Generator<FilePart, void, undefined> {
  for (let at = start; at < end;) {
    const stop = Math.min(end, (Math.floor(at / cutParameters.spanBytes) + 1) * cutParameters.spanBytes);
    yield { kind: "data", offset: at, lengthBytes: stop - at };
    at = stop;
  }
}
