import { Errors } from "typebox/schema";
import { Settings } from "typebox/system";
import type { Key } from "./problem.ts";

/** A JSON Schema (draft 2020-12), as an object of JavaScript. */
export type Schema = object;

/** What is wrong with one value. */
export interface ValueProblem {
  readonly keys: readonly Key[];
  readonly message: string;
}

const maxProblems = 1000;

/** Holds a value against a schema; every problem at once, each where it is, with what is expected there. */
export function checkValue(schema: Schema, value: unknown): readonly ValueProblem[] {
  // The library's own limit is 8.
  Settings.Set({ maxErrors: maxProblems });
  const [isValid, errors] = Errors(schema, value);
  if (isValid) return [];
  const places = new Map<string, { readonly keys: readonly Key[]; readonly complaints: Complaint[] }>();
  for (const { keys, complaint } of errors.flatMap((error) => describe(error, value))) {
    const place = JSON.stringify(keys);
    const known = places.get(place) ?? { keys, complaints: [] };
    known.complaints.push(complaint);
    places.set(place, known);
  }
  // Invalid is invalid, whatever keyword says so alone.
  if (places.size === 0) return [{ keys: [], message: "it is not what the schema expects" }];
  return [...places.values()].map(({ keys, complaints }) => ({ keys, message: phrase(complaints, at(value, keys)) }));
}

type SchemaError = ReturnType<typeof Errors>[1][number];

/** What is wrong, or what was expected instead: alternatives complain one by one about the same place. */
type Complaint = { readonly wrong: string } | { readonly expected: string };

function phrase(complaints: readonly Complaint[], value: unknown): string {
  const unique = (texts: readonly string[]): string[] => [...new Set(texts)];
  const wrong = unique(complaints.flatMap((complaint) => ("wrong" in complaint ? [complaint.wrong] : [])));
  const expected = unique(complaints.flatMap((complaint) => ("expected" in complaint ? [complaint.expected] : [])));
  if (expected.length > 0) wrong.push(`expected ${expected.join(" or ")}, and it is ${show(value)}`);
  return wrong.join("; ");
}

function describe(
  error: SchemaError,
  value: unknown,
): readonly { readonly keys: readonly Key[]; readonly complaint: Complaint }[] {
  const keys = keysOf(error.instancePath, value);
  const parameters = error.params as Readonly<Record<string, unknown>>;
  const list = (name: string): readonly unknown[] => (parameters[name] as readonly unknown[] | undefined) ?? [];
  const wrong = (text: string, key?: string) => ({
    keys: key === undefined ? keys : [...keys, key],
    complaint: { wrong: text },
  });
  const expected = (text: string) => ({ keys, complaint: { expected: text } });
  switch (error.keyword) {
    case "required":
      return list("requiredProperties").map((key) => wrong(`the key "${String(key)}" is missing`));
    case "additionalProperties":
      return list("additionalProperties").map((key) => wrong("this key is not known", String(key)));
    // Each says nothing that another complaint about the same value does not.
    case "boolean":
    case "anyOf":
    case "if":
      return [];
    case "oneOf":
      return list("passingSchemas").length > 1 ? [wrong("only one of several alternatives may be given")] : [];
    case "const":
      return [expected(JSON.stringify(parameters["allowedValue"]))];
    case "enum":
      return [
        expected(
          `one of ${list("allowedValues")
            .map((allowed) => JSON.stringify(allowed))
            .join(", ")}`,
        ),
      ];
    case "pattern":
      return [expected(`text that matches ${String(parameters["pattern"])}`)];
    case "type": {
      const type = parameters["type"];
      const names = (Array.isArray(type) ? type : [type]) as readonly string[];
      return [expected(names.map(typeName).join(" or "))];
    }
    default:
      return [wrong(`it ${error.message}`)];
  }
}

/** The keys of a JSON pointer; numbers where the value has a list. */
function keysOf(pointer: string, value: unknown): readonly Key[] {
  const keys: Key[] = [];
  let inner = value;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    keys.push(Array.isArray(inner) ? Number(key) : key);
    inner = at(inner, [key]);
  }
  return keys;
}

function at(value: unknown, keys: readonly Key[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Readonly<Record<Key, unknown>>)[key]
        : undefined,
    value,
  );
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  array: "a list",
  object: "a map",
  boolean: "true or false",
  number: "a number",
  integer: "a whole number",
  null: "nothing",
};

function typeName(type: string): string {
  return typeNames[type] ?? type;
}

/** A value, or what kind of thing it is where it would be long. */
function show(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return typeof value !== "object" && text.length <= 60
    ? text
    : typeName(Array.isArray(value) ? "array" : typeof value);
}
