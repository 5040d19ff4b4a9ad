import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";

const root = join(import.meta.dirname, "../..");
const schemaDirectory = join(root, "src/cli/schemas");

function readSchema(path: string): object {
  return closed(JSON.parse(readFileSync(path, "utf8"))) as object;
}

/** A schema that also refuses properties it does not name, as the published ones must not. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const inside = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return "required" in inside ? { additionalProperties: false, ...inside } : inside;
}

const ajv = new Ajv2020({ allErrors: true, strict: true });
ajv.addSchema(readSchema(join(root, "docs/format/manifest.schema.json")));
ajv.addSchema(readSchema(join(root, "docs/format/layout.schema.json")));
for (const file of readdirSync(schemaDirectory)) ajv.addSchema(readSchema(join(schemaDirectory, file)));

/** The names of all schemas of documents: `capture`, `store-check`, … */
export const schemaNames: readonly string[] = readdirSync(schemaDirectory).map((file) => file.replace(/\.json$/, ""));

/** Asserts that a document is what its schema says, and has nothing that the schema does not name. */
export function assertDocument(name: string, document: unknown): void {
  const validate = ajv.getSchema(`urn:rehome:cli:${name}:1`);
  assert.ok(validate, name);
  assert.ok(validate(document), `${name}: ${JSON.stringify(validate.errors)} in ${JSON.stringify(document)}`);
}
