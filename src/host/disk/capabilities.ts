import { readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import type { HostCapabilities } from "../../system/disk/plan/check-capabilities.ts";
import { findTool } from "../processes.ts";

/** What the kernel and the tools of this host can do for disks. */
export function readCapabilities(): HostCapabilities {
  const known = readLines("/proc/filesystems").map((line) => line.split("\t").at(-1) ?? "");
  const folder = `/lib/modules/${release()}`;
  const paths = [...readLines(`${folder}/modules.dep`), ...readLines(`${folder}/modules.builtin`)];
  const loadable = paths
    .map((line) => /^kernel\/fs\/([a-z0-9]+)\/\1\.ko/.exec(line)?.[1])
    .filter((name) => name !== undefined);
  const modules = paths.map((line) => /([^/]+)\.ko(?:\.\w+)?(?::|$)/.exec(line)?.[1] ?? "");
  return {
    fileSystems: new Set([...known, ...loadable]),
    hasTool: (name) => findTool(name) !== undefined,
    modules: new Set([...list("/sys/module"), ...modules].map((name) => name.replaceAll("-", "_"))),
    mapped: new Set(list("/sys/block").flatMap((name) => readLines(`/sys/block/${name}/dm/name`).slice(0, 1))),
  };
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
