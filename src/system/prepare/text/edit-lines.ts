import { displayBytes, type ByteString, type TreePath } from "../../../core/tree/byte-string.ts";
import type { Change } from "../operation.ts";

const shownLines = 20;

/**
 * Passes each line of `content` through `edit`; a line that comes back as it was stays byte for byte, with its line ending.
 * `undefined` removes a line. The answer is undefined where no line changes.
 */
export function editLines(
  content: ByteString,
  edit: (line: string) => string | undefined,
): { readonly content: ByteString; readonly lines: readonly string[] } | undefined {
  const shown: string[] = [];
  let changed = 0;
  const parts = content.split(/(\r?\n)/);
  let edited = "";
  for (let at = 0; at < parts.length; at += 2) {
    const [line, ending] = [parts[at] ?? "", parts[at + 1] ?? ""];
    const after = at + 1 === parts.length && line === "" ? "" : edit(line);
    if (after !== undefined) edited += after + ending;
    if (after === line) continue;
    changed += 1;
    if (changed > shownLines) continue;
    shown.push(`- ${displayBytes(line as ByteString)}`);
    if (after !== undefined) shown.push(`+ ${displayBytes(after as ByteString)}`);
  }
  if (changed === 0) return undefined;
  if (changed > shownLines) shown.push(`and ${changed - shownLines} more`);
  return { content: edited as ByteString, lines: shown };
}

/** The change that {@link editLines} of the file at `path` comes to; none where there is no file or no line changes. */
export function lineChanges(
  path: TreePath,
  content: ByteString | undefined,
  what: string,
  edit: (line: string) => string | undefined,
): Change[] {
  const edited = content === undefined ? undefined : editLines(content, edit);
  return edited === undefined ? [] : [{ kind: "write", path, content: edited.content, what, lines: edited.lines }];
}
