import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { manifestSchema } from "../../journeys/build/index.ts";
import { renderManPages } from "./render-man-pages.ts";
import { renderReference, type SchemaFile } from "./render-reference.ts";

const schemaDirectory = join(import.meta.dirname, "../schemas");

/** Where the documents lie in a checkout. */
export const documentDirectory: string = join(import.meta.dirname, "../../../docs");

/** Every file that tells of the command line, by its path in {@link documentDirectory}. */
export function generateDocuments(): ReadonlyMap<string, string> {
  const names = readdirSync(schemaDirectory).toSorted();
  const texts = names.map((file) => ({ file, text: readFileSync(join(schemaDirectory, file), "utf8") }));
  const schemas = texts.map(({ file, text }) => ({ file, ...(JSON.parse(text) as Omit<SchemaFile, "file">) }));
  return new Map([
    ["reference/cli.md", renderReference(schemas)],
    ["format/build.schema.json", `${JSON.stringify(manifestSchema, undefined, 2)}\n`],
    ...texts.map(({ file, text }) => [`reference/schemas/${file}`, text] as const),
    ...[...renderManPages()].map(([file, text]) => [`man/${file}`, text] as const),
  ]);
}

if (import.meta.main)
  for (const [path, text] of generateDocuments()) {
    const target = join(documentDirectory, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
