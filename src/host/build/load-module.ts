import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { LoadedModule } from "../../journeys/build/register/load-constructor.ts";
import { ToolFailedError } from "../processes.ts";

/** Time for a module to load; one that waits for something at its top level would hold everything. */
const loadTimeoutMs = 30_000;
let loads = 0;

/** Loads a module of the user's (JavaScript, or TypeScript whose types can be stripped), fresh each time, with the local ones that it imports. */
export async function loadModule(path: string): Promise<LoadedModule | undefined> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  // Modules are known by their URLs: with a query of its own each load sees the files as they are now.
  const query = `?rehome-load=${++loads}`;
  const files = new Map<string, string>();
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const isOurs = specifier.endsWith(query) || context.parentURL?.endsWith(query) === true;
      if (!isOurs || !resolved.url.startsWith("file:") || resolved.url.includes("/node_modules/")) return resolved;
      const url = new URL(resolved.url);
      url.search = query;
      const file = fileURLToPath(url);
      files.set(file, createHash("sha256").update(readFileSync(file)).digest("hex"));
      return { ...resolved, url: url.href };
    },
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new ToolFailedError(path, "timed-out", `it does not load within ${loadTimeoutMs} ms`)),
      loadTimeoutMs,
    );
  });
  try {
    const exports = (await Promise.race([
      import(`${pathToFileURL(path).href}${query}`),
      late,
    ])) as LoadedModule["exports"];
    return { exports, files: Object.fromEntries([...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) };
  } finally {
    clearTimeout(timer);
    hooks.deregister();
  }
}
