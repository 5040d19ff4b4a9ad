import { isMap, isSeq, LineCounter, parseDocument, type Document } from "yaml";
import { formatPath, type Key, type Problem } from "./problem.ts";

const maxCharacters = 1 << 20;

/** A YAML file as values that know their lines. */
export interface YamlSource {
  readonly file: string;
  readonly value: unknown;
  /** A complaint about the value at `keys`, or about the nearest one above it that the file has. */
  readonly problem: (keys: readonly Key[], message: string) => Problem;
}

/** Reads a YAML document. Tags and duplicate keys are refused; a text that cannot be read gives its problems instead. */
export function readYaml(file: string, text: string): YamlSource | readonly Problem[] {
  if (text.length > maxCharacters)
    return [{ file, line: undefined, path: "", message: `it is longer than ${maxCharacters} characters` }];
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, stringKeys: true, customTags: [] });
  const complaints = [...document.errors, ...document.warnings];
  if (complaints.length > 0)
    return complaints.map(({ pos, message }) => ({
      file,
      line: lines.linePos(pos[0]).line,
      path: "",
      message: message.split("\n", 1)[0]?.replace(/ at line \d.*$/, "") ?? "",
    }));
  const problem = (keys: readonly Key[], message: string): Problem => ({
    file,
    line: lineOf(document, lines, keys),
    path: formatPath(keys),
    message,
  });
  try {
    return { file, value: document.toJS({ maxAliasCount: 100 }) as unknown, problem };
  } catch (error) {
    // Aliases that make more of each other than any memory holds.
    return [problem([], error instanceof Error ? error.message : String(error))];
  }
}

function lineOf(document: Document, lines: LineCounter, keys: readonly Key[]): number | undefined {
  let node: unknown = document.contents;
  let start = startOf(node);
  for (const key of keys) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === String(key));
      if (pair === undefined) break;
      start = startOf(pair.key) ?? start;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      start = startOf(node) ?? start;
    } else break;
  }
  return start === undefined ? undefined : lines.linePos(start).line;
}

function startOf(node: unknown): number | undefined {
  return (node as { readonly range?: readonly [number, number, number] } | null | undefined)?.range?.[0];
}
