import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from "yaml";
import { LayoutInvalidError } from "../errors.ts";

/** A place in a YAML document that knows its line and path; every complaint about it names both. */
export interface YamlCursor {
  /** The value of a map's key; undefined where it is absent. */
  at(key: string): YamlCursor | undefined;
  /** Refuses anything but a map with none but these keys. */
  requireKeys(keys: readonly string[]): void;
  items(): YamlCursor[];
  /** A text or number as it was written: `0x83` and `00000012` stay what they are. */
  source(): string;
  number(): number;
  boolean(): boolean;
  /** The text, which is one of these. */
  oneOf<Word extends string>(words: readonly Word[]): Word;
  refuse(what: string): LayoutInvalidError;
}

/** Opens a document of one value. Anchors, aliases and tags are refused. @throws {LayoutInvalidError} */
export function openYaml(text: string, file: string): YamlCursor {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, stringKeys: true, customTags: [] });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) {
    const line = lines.linePos(problem.pos[0]).line;
    throw new LayoutInvalidError({ file, line }, problem.message.split("\n", 1)[0]?.replace(/ at line.*$/, "") ?? "");
  }
  if (document.contents === null) throw new LayoutInvalidError({ file }, "it is empty");
  return cursor(document.contents, "", { file, lines });
}

interface Surroundings {
  readonly file: string;
  readonly lines: LineCounter;
}

function cursor(node: Node, path: string, surroundings: Surroundings): YamlCursor {
  const { file, lines } = surroundings;
  const line = node.range ? lines.linePos(node.range[0]).line : undefined;
  const refuse = (what: string): LayoutInvalidError => new LayoutInvalidError({ file, line, path }, what);
  const scalar = <Value>(kind: string, is: (value: unknown) => value is Value): Value => {
    if (isScalar(node) && is(node.value)) return node.value;
    throw refuse(`it is no ${kind}`);
  };
  return {
    refuse,
    at(key) {
      const value = isMap(node) ? node.get(key, true) : undefined;
      return value === undefined ? undefined : cursor(value, path === "" ? key : `${path}.${key}`, surroundings);
    },
    requireKeys(keys) {
      if (!isMap(node)) throw refuse(`it is no map; known keys: ${keys.join(", ")}`);
      for (const { key } of node.items) {
        const name = isScalar(key) ? String(key.value) : "";
        if (keys.includes(name)) continue;
        const place = isScalar(key) ? cursor(key, path, surroundings) : { refuse };
        throw place.refuse(`the key "${name}" is not known; known keys: ${keys.join(", ")}`);
      }
    },
    items() {
      if (!isSeq(node)) throw refuse("it is no list");
      return node.items.map((item, index) => cursor(item as Node, `${path}[${index}]`, surroundings));
    },
    source() {
      const value = scalar("text", (found) => typeof found === "string" || typeof found === "number");
      return typeof value === "number" && isScalar(node) ? (node.source ?? String(value)) : String(value);
    },
    number: () => scalar("number", (value) => typeof value === "number"),
    boolean: () => scalar("truth value (true or false)", (value) => typeof value === "boolean"),
    oneOf(words) {
      const word = scalar("text", (value) => typeof value === "string");
      const found = words.find((known) => known === word);
      if (found === undefined) throw refuse(`"${word}" is not known; known are ${words.join(", ")}`);
      return found;
    },
  };
}
