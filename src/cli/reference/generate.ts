import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { renderReference, type SchemaFile } from "./render-reference.ts";

const schemaDirectory = join(import.meta.dirname, "../schemas");

/** Where the reference lies in a checkout. */
export const referenceDirectory: string = join(import.meta.dirname, "../../../docs/reference");

/** Every file of the reference of the command line, by its path in {@link referenceDirectory}. */
export function generateReference(): ReadonlyMap<string, string> {
  const names = readdirSync(schemaDirectory).toSorted();
  const texts = names.map((file) => ({ file, text: readFileSync(join(schemaDirectory, file), "utf8") }));
  const schemas = texts.map(({ file, text }) => ({ file, ...(JSON.parse(text) as Omit<SchemaFile, "file">) }));
  return new Map([
    ["cli.md", renderReference(schemas)],
    ...texts.map(({ file, text }) => [`schemas/${file}`, text] as const),
  ]);
}

if (import.meta.main)
  for (const [path, text] of generateReference()) {
    const target = join(referenceDirectory, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
