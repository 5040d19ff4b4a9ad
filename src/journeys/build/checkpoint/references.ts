import type { Schema } from "../manifest/check-value.ts";
import { mapTexts } from "../manifest/variables.ts";
import type { Key } from "../manifest/problem.ts";

const pattern = /%(%\{|\{([^}]*)\}?)/g;
const whole = /^%\{([^}]*)\}$/;

/** A reference in an argument: `%{image.id}`. */
export interface Reference {
  /** Where it is, from the arguments' root. */
  readonly keys: readonly Key[];
  readonly text: string;
  /** `image`, `id`; none if it cannot be read. */
  readonly steps: readonly string[];
  /** The argument is the reference and nothing else, so that its value may be of any type. */
  readonly isWhole: boolean;
}

/** Every reference in a value; `%%{` is none. */
export function findReferences(value: unknown): readonly Reference[] {
  const found: Reference[] = [];
  mapTexts(value, [], (text, keys) => {
    for (const [match, escaped, name] of text.matchAll(pattern))
      if (escaped !== "%{")
        found.push({ keys, text: match, steps: stepsOf(match, name), isWhole: whole.test(text) && match === text });
    return text;
  });
  return found;
}

/** Why a reference will have no value, as far as the schemas of what earlier checkpoints provide tell; undefined if it may have one. */
export function whyUnresolved(
  { text, steps }: Pick<Reference, "text" | "steps">,
  provided: Readonly<Record<string, Schema | undefined>>,
): string | undefined {
  const [name, ...rest] = steps;
  if (name === undefined) return `"${text}" is no reference such as %{image.id}; write %%{ for a plain %{`;
  if (!Object.hasOwn(provided, name)) {
    const known = Object.keys(provided);
    return `"${text}" stands for nothing: no checkpoint before this one provides "${name}"; ${
      known.length === 0 ? "none provides anything" : `there is ${known.join(", ")}`
    }`;
  }
  let schema: SchemaLike | undefined = provided[name];
  for (const step of rest) {
    if (schema?.properties === undefined) return undefined;
    if (!Object.hasOwn(schema.properties, step)) {
      if (schema.additionalProperties !== false) return undefined;
      return `"${text}" stands for nothing: "${name}" has ${Object.keys(schema.properties).join(", ")}`;
    }
    schema = schema.properties[step];
  }
  return undefined;
}

interface SchemaLike {
  readonly properties?: Readonly<Record<string, SchemaLike>>;
  readonly additionalProperties?: unknown;
}

/** Puts values in the place of references. `missing` is called for those that have none. */
export function putReferences(
  value: unknown,
  lookUp: (name: string) => unknown,
  missing: (reference: string) => void,
): unknown {
  const find = (text: string, inner: string | undefined): unknown => {
    const [name, ...rest] = stepsOf(text, inner);
    const found = name === undefined ? undefined : rest.reduce(valueAt, lookUp(name));
    if (found === undefined) missing(text);
    return found;
  };
  return mapTexts(value, [], (text) => {
    const inner = whole.exec(text)?.[1];
    if (inner !== undefined) return find(text, inner);
    return text.replaceAll(pattern, (match, escaped: string, name: string | undefined) => {
      if (escaped === "%{") return "%{";
      const found = find(match, name);
      return typeof found === "string" ? found : JSON.stringify(found);
    });
  });
}

function valueAt(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function stepsOf(text: string, inner: string | undefined): readonly string[] {
  return text.endsWith("}") && inner !== undefined && /^[\w-]+(\.[\w-]+)*$/.test(inner) ? inner.split(".") : [];
}
