import { basename, dirname, join, resolve } from "node:path";
import { BuildInvalidError } from "../errors.ts";
import { checkValue } from "./check-value.ts";
import { manifestSchema, type ManifestFile } from "./manifest-schema.ts";
import type { Key, Problem } from "./problem.ts";
import type { VariableValue } from "./variables.ts";
import { readYaml, type YamlSource } from "./yaml-source.ts";

/** A checkpoint as a manifest, or a caller of the library, asks for it; variables are not yet put in. */
export interface CheckpointOrder {
  readonly name: string;
  readonly uses: string;
  readonly description?: string;
  readonly timeout?: string;
  readonly with: Readonly<Record<string, unknown>>;
  /** What relative paths in it are relative to. Absolute. */
  readonly directory: string;
  /** A complaint about the value at `keys` in it. */
  readonly problem: (keys: readonly Key[], message: string) => Problem;
}

/** A manifest with all that it includes. */
export interface LoadedManifest {
  /** Absolute path. */
  readonly file: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly stopOnError: boolean;
  readonly variables: Readonly<Record<string, VariableValue>>;
  /** Variables of the environment that it listens to. */
  readonly environment: readonly string[];
  readonly checkpoints: readonly CheckpointOrder[];
}

/** Reads the text of a file; undefined if there is none. */
export type ReadText = (path: string) => Promise<string | undefined>;

const maxIncludes = 100;

/** Reads a manifest and what it includes. @throws {BuildInvalidError} With everything that is wrong. */
export async function loadManifest(file: string, readText: ReadText): Promise<LoadedManifest> {
  const loading: Loading = { readText, problems: [], files: 0 };
  const path = resolve(file);
  const text = await readText(path);
  if (text === undefined)
    throw new BuildInvalidError(file, [{ file, line: undefined, path: "", message: "there is no such file" }]);
  const part = await loadPart(loading, path, text, []);
  if (part !== undefined && part.checkpoints.length === 0)
    loading.problems.push({ file, line: 1, path: "checkpoints", message: "expected at least one checkpoint" });
  if (part === undefined || loading.problems.length > 0) throw new BuildInvalidError(file, loading.problems);
  return {
    file: path,
    name: part.document.name ?? nameOf(path),
    description: part.document.description,
    stopOnError: part.stopOnError ?? true,
    variables: part.variables,
    environment: part.environment,
    checkpoints: part.checkpoints,
  };
}

/** A manifest without a name is called as its file is, as far as images may be called so. */
function nameOf(path: string): string {
  const stem = basename(path)
    .replace(/\.[^.]*$/, "")
    .toLowerCase();
  const name = stem.replaceAll(/[^a-z0-9._-]/g, "-").replace(/^[._-]+/, "");
  return name === "" ? "build" : name.slice(0, 128);
}

interface Loading {
  readonly readText: ReadText;
  readonly problems: Problem[];
  files: number;
}

interface Part extends Pick<LoadedManifest, "variables" | "environment" | "checkpoints"> {
  readonly document: ManifestFile;
  readonly stopOnError: boolean | undefined;
}

async function loadPart(
  loading: Loading,
  path: string,
  text: string,
  including: readonly string[],
): Promise<Part | undefined> {
  const source = readYaml(path, text);
  if (!("value" in source)) {
    loading.problems.push(...source);
    return undefined;
  }
  const problems = checkValue(manifestSchema, source.value);
  loading.problems.push(...problems.map(({ keys, message }) => source.problem(keys, message)));
  if (problems.length > 0) return undefined;
  const document = source.value as ManifestFile;
  const parts = await loadIncluded(loading, source, document, [...including, path]);
  return {
    document,
    stopOnError: document.stop_on_error ?? parts.findLast(({ stopOnError }) => stopOnError !== undefined)?.stopOnError,
    variables: Object.assign({}, ...parts.map(({ variables }) => variables), document.variables) as Part["variables"],
    environment: [...new Set([...parts.flatMap(({ environment }) => environment), ...(document.environment ?? [])])],
    checkpoints: [...parts.flatMap(({ checkpoints }) => checkpoints), ...ordersOf(source, document)],
  };
}

async function loadIncluded(
  loading: Loading,
  source: YamlSource,
  document: ManifestFile,
  including: readonly string[],
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const [index, name] of (document.include ?? []).entries()) {
    const path = join(dirname(source.file), name);
    const complain = (message: string): void => {
      loading.problems.push(source.problem(["include", index], message));
    };
    if (including.includes(path)) complain(`"${name}" includes this file in turn; includes must not go in circles`);
    else if (++loading.files > maxIncludes) complain(`more than ${maxIncludes} files are included`);
    else {
      const text = await loading.readText(path);
      if (text === undefined) complain(`there is no file "${path}"`);
      else {
        const part = await loadPart(loading, path, text, including);
        if (part) parts.push(part);
      }
    }
  }
  return parts;
}

function ordersOf(source: YamlSource, { checkpoints = [], defaults }: ManifestFile): CheckpointOrder[] {
  return checkpoints.map((checkpoint, index) => {
    const timeout = checkpoint.timeout ?? defaults?.timeout;
    return {
      ...checkpoint,
      ...(timeout !== undefined && { timeout }),
      with: { ...defaults?.with?.[checkpoint.uses], ...checkpoint.with },
      directory: dirname(source.file),
      problem: (keys, message) => {
        const [first, key, ...rest] = keys;
        // What a checkpoint does not say itself comes from the defaults.
        const isDefault =
          first === "with" && key !== undefined && !(checkpoint.with && Object.hasOwn(checkpoint.with, key));
        const place: readonly Key[] =
          isDefault && Object.hasOwn(defaults?.with?.[checkpoint.uses] ?? {}, key)
            ? ["defaults", "with", checkpoint.uses, key, ...rest]
            : ["checkpoints", index, ...keys];
        return source.problem(place, message);
      },
    };
  });
}
