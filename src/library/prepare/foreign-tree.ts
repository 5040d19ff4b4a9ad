import { existsSync } from "node:fs";
import { machine } from "node:os";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { openRootedFiles } from "../../host/facts/index.ts";
import { elfHeaderBytes, parseElfArchitecture } from "../../system/facts/tree/elf-architecture.ts";

const programs = ["usr/bin/env", "bin/sh", "usr/bin/bash", "sbin/init"];
/** What a kernel runs beside its own. */
const alsoRuns: Readonly<Record<string, readonly string[]>> = { x86_64: ["i686"], aarch64: ["armv7l"] };

/** Why this host cannot run programs of the tree at `root`, if its processor is another and no emulator is registered for it. */
export function whyForeign(root: string): string | undefined {
  using files = openRootedFiles(root, () => undefined);
  const architecture = programs
    .map((path) => parseElfArchitecture(files.readStart(path as TreePath, elfHeaderBytes) ?? ("" as TreePath)))
    .find((found) => found !== undefined);
  const own = machine();
  if (architecture === undefined || architecture === own || alsoRuns[own]?.includes(architecture)) return undefined;
  if (existsSync(`/proc/sys/fs/binfmt_misc/qemu-${architecture}`)) return undefined;
  return `programs of the tree are for ${architecture}, and this host is ${own}`;
}
