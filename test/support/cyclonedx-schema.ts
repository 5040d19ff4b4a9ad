import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";

const library = createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json");

/** The schema as the CycloneDX project publishes it, kept in its own library. */
export function cycloneDxValidator(): ValidateFunction {
  const read = (name: string): object =>
    JSON.parse(readFileSync(join(dirname(library), "res/schema", name), "utf8")) as object;
  const ajv = new Ajv({ allErrors: true, strict: false });
  formats.default(ajv);
  // Not among the formats of Ajv; rehome writes no field that has one of them.
  for (const name of ["iri-reference", "idn-email"]) ajv.addFormat(name, true);
  for (const name of ["spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json"])
    ajv.addSchema(read(name), `http://cyclonedx.org/schema/${name}`);
  return ajv.compile(read("bom-1.6.SNAPSHOT.schema.json"));
}
