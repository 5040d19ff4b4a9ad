import { resolve } from "node:path";
import type { AnyConstructor } from "../checkpoint/constructor.ts";
import { builtIns } from "../builtin/index.ts";

/** A module of the user's, and the files that it is made of. */
export interface LoadedModule {
  readonly exports: Readonly<Record<string, unknown>>;
  /** Hashes by absolute path: the module, and the local ones that it imports. */
  readonly files: Readonly<Record<string, string>>;
}

/** Loads a module, fresh each time; undefined if there is no such file. @throws Whatever the module throws. */
export type LoadModule = (path: string) => Promise<LoadedModule | undefined>;

/** A constructor, and the modules that it is made of. */
export interface LoadedConstructor {
  readonly constructor: AnyConstructor;
  readonly modules: Readonly<Record<string, string>>;
}

/** Finds what `uses` names: a built-in constructor, or an export of a module. Gives a sentence without an end if it cannot. */
export async function loadConstructor(
  uses: string,
  directory: string,
  loadModule: LoadModule,
): Promise<LoadedConstructor | string> {
  if (Object.hasOwn(builtIns, uses)) return { constructor: builtIns[uses] as AnyConstructor, modules: {} };
  const [path = "", name = "", ...rest] = uses.split("#");
  if (!/^\.{0,2}\//.test(path) || name === "" || rest.length > 0)
    return `"${uses}" is no constructor; expected ${Object.keys(builtIns).join(", ")}, or ./MODULE.ts#EXPORT`;
  let loaded: LoadedModule | undefined;
  try {
    loaded = await loadModule(resolve(directory, path));
  } catch (error) {
    return `the module "${path}" cannot be loaded: ${messageOf(error)}`;
  }
  if (loaded === undefined) return `there is no module "${resolve(directory, path)}"`;
  const names = Object.keys(loaded.exports);
  if (!names.includes(name))
    return `the module "${path}" does not export "${name}"; it exports ${names.length === 0 ? "nothing" : names.join(", ")}`;
  const constructor = loaded.exports[name];
  const wrong = whyNoConstructor(constructor);
  if (wrong !== undefined) return `"${name}" of "${path}" is no constructor of checkpoints: ${wrong}`;
  return { constructor: constructor as AnyConstructor, modules: loaded.files };
}

function whyNoConstructor(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return "expected an object";
  const { summary, arguments: schema, create } = value as Partial<AnyConstructor>;
  if (typeof summary !== "string") return "its summary is no text";
  if (typeof schema !== "object" || schema === null) return "its arguments are no JSON Schema";
  if (typeof create !== "function") return "its create is no function";
  return undefined;
}

/** What was thrown, in one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}
