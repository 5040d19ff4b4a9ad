import { randomBytes } from "node:crypto";
import { FormatInvalidError } from "../errors.ts";
import type { BlobStore, ListedBlob } from "./blob-store.ts";
import { realDurableFiles, type DurableFiles } from "./durable-files.ts";

const temporaryFolder = "tmp";

/**
 * A {@link BlobStore} in a directory: one file an object, written under a temporary name, synced, linked to its key.
 *
 * @param path Absolute, without a slash at the end.
 */
export function directoryBlobStore(path: string, files: DurableFiles = realDurableFiles): BlobStore {
  const known = new Set<string>();

  /** Keys may come from objects that an enemy wrote: none may lead out of the directory. */
  function fileOf(key: string): string {
    if (key.includes("\0") || key.split("/").some((name) => name === "" || name === "." || name === ".."))
      throw new FormatInvalidError(JSON.stringify(key), "it is no key of a store");
    return `${path}/${key}`;
  }

  /** Makes a folder and makes sure that its name is durable, also where another process has made it a moment ago. */
  async function makeFolder(folder: string): Promise<void> {
    if (known.has(folder)) return;
    const parent = folder.slice(0, folder.lastIndexOf("/"));
    if (folder === path) await files.makeDirectory(path);
    else {
      await makeFolder(parent);
      await files.makeDirectory(folder);
    }
    await files.syncDirectory(parent === "" ? "/" : parent).catch(unlessUnsyncable);
    known.add(folder);
  }

  async function* listFolder(folder: string, prefix: string): AsyncGenerator<ListedBlob> {
    for (const { name, isDirectory } of await files.readDirectory(folder)) {
      if (prefix === "" && name === temporaryFolder) continue;
      if (isDirectory) yield* listFolder(`${folder}/${name}`, `${prefix}${name}/`);
      else {
        const found = await files.stat(`${folder}/${name}`);
        if (found) yield { key: prefix + name, sizeBytes: found.sizeBytes };
      }
    }
  }

  return {
    location: path,
    async put(key, parts) {
      const target = fileOf(key);
      const folder = target.slice(0, target.lastIndexOf("/"));
      const temporary = `${path}/${temporaryFolder}/${randomBytes(12).toString("hex")}`;
      await makeFolder(`${path}/${temporaryFolder}`);
      await makeFolder(folder);
      try {
        await files.createSynced(temporary, parts);
        const linked = await files.link(temporary, target);
        await files.syncDirectory(folder);
        return linked;
      } finally {
        await files.unlink(temporary);
      }
    },
    get: async (key, range) =>
      await files.read(fileOf(key), range?.offset ?? 0, range?.lengthBytes ?? Number.MAX_SAFE_INTEGER),
    list: (prefix) => listFolder(prefix === "" ? path : `${path}/${prefix.replace(/\/$/, "")}`, prefix),
    settle: (prefix) => files.syncDirectory(`${path}/${prefix.replace(/\/$/, "")}`).catch(unlessUnsyncable),
    async delete(key) {
      const target = fileOf(key);
      await files.unlink(target);
      await files.syncDirectory(target.slice(0, target.lastIndexOf("/"))).catch(() => undefined);
    },
    async removeLeftovers(olderThanMs) {
      let removed = 0;
      for (const { name } of await files.readDirectory(`${path}/${temporaryFolder}`)) {
        const found = await files.stat(`${path}/${temporaryFolder}/${name}`);
        if (found === undefined || Date.now() - found.mtimeMs < olderThanMs) continue;
        await files.unlink(`${path}/${temporaryFolder}/${name}`);
        removed += 1;
      }
      return removed;
    },
  };
}

/** Where nobody may write, or nothing can be synced, or nothing is, there is nothing to wait for. */
function unlessUnsyncable(error: NodeJS.ErrnoException): void {
  if (!["ENOENT", "EACCES", "EROFS", "EINVAL", "ENOTSUP"].includes(error.code ?? "")) throw error;
}
