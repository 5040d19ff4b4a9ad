import type { Patch } from "../../../core/inventory/inventory.ts";
import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { TreeFiles } from "../system-sources.ts";

const loaded = "sys/kernel/livepatch";
const installed = "var/lib/kpatch";
const maxNames = 1000;

/** Live patches of the kernel: those that are loaded, and in a tree without a kernel those that would be. */
export function readLivePatches(files: TreeFiles): Patch[] {
  const running = namesIn(files, loaded).filter(
    (name) => files.readStart(`${loaded}/${name}/enabled` as TreePath, 16)?.trim() === "1",
  );
  const names =
    running.length > 0 ? running : namesIn(files, installed).flatMap((release) => modulesIn(files, release));
  return [...new Set(names)].toSorted().map((id) => ({ kind: "live-patch", id }));
}

function modulesIn(files: TreeFiles, release: string): string[] {
  return namesIn(files, `${installed}/${release}`).flatMap(
    (name) => /^(.+)\.ko(?:\.[a-z0-9]+)?$/.exec(name)?.[1] ?? [],
  );
}

function namesIn(files: TreeFiles, path: string): ByteString[] {
  const names = files.list(path as TreePath, maxNames) ?? [];
  return names.filter((name) => /^[A-Za-z0-9][A-Za-z0-9+._-]{0,199}$/.test(name));
}
