import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { release } from "node:os";
import { dirname } from "node:path";
import type { ToolCommand } from "../../system/disk/commands/tool-command.ts";
import type { DiskPorts, HostFiles } from "../../system/disk/build/ports.ts";
import type { HostCapabilities } from "../../system/disk/plan/check-capabilities.ts";
import { openTreeEditor } from "../prepare/tree-editor.ts";
import { findTool, runTool } from "../processes.ts";
import { attachLoopDevice, isBlockDevice } from "./loop-devices.ts";
import { mountDevice, unmountBelow } from "./mounting.ts";

const toolTimeoutMs = 10 * 60_000;

/** The {@link DiskPorts} of this host. */
export const diskPorts: DiskPorts = {
  run: runCommand,
  attach: attachLoopDevice,
  mount: mountDevice,
  unmountBelow,
  openTree: openTreeEditor,
  files: hostFiles(),
};

/** Runs a program that must succeed, and gives its standard output. @throws {ToolFailedError} @throws {InterruptedError} */
export async function runCommand(tool: ToolCommand, signal?: AbortSignal): Promise<string> {
  const { command, args, env, input, timeoutMs = toolTimeoutMs } = tool;
  const { stdout } = await runTool(command, args, {
    timeoutMs,
    mustSucceed: true,
    ...(env && { env }),
    ...(input !== undefined && { input }),
    ...(signal && { signal }),
  });
  return stdout;
}

function hostFiles(): HostFiles {
  return {
    isBlockDevice,
    allocate(path, sizeBytes) {
      withFile(path, existsSync(path) ? "r+" : "wx", (file) => ftruncateSync(file, sizeBytes));
    },
    makeDirectory: (path) => void mkdirSync(path, { recursive: true, mode: 0o700 }),
    sizeOf: (path) => statSync(path).size,
    read: (path) => readFileSync(path),
    write: (path, content) => writeFileSync(path, content, { mode: 0o600 }),
    writeAt(path, offsetBytes, bytes) {
      withFile(path, "r+", (file) => {
        for (let done = 0; done < bytes.length;)
          done += writeSync(file, bytes, done, bytes.length - done, offsetBytes + done);
      });
    },
    sync(path) {
      withFile(path, "r", fsyncSync);
      withFile(dirname(path), "r", fsyncSync);
    },
    rename: renameSync,
    remove: (path) => rmSync(path, { recursive: true, force: true }),
  };
}

function withFile(path: string, flags: string, work: (file: number) => void): void {
  const file = openSync(path, flags, 0o600);
  try {
    work(file);
  } finally {
    closeSync(file);
  }
}

/** What the kernel and the tools of this host can do for disks. */
export function readCapabilities(): HostCapabilities {
  const known = readLines("/proc/filesystems").map((line) => line.split("\t").at(-1) ?? "");
  const folder = `/lib/modules/${release()}`;
  const loadable = [...readLines(`${folder}/modules.dep`), ...readLines(`${folder}/modules.builtin`)]
    .map((line) => /^kernel\/fs\/([a-z0-9]+)\/\1\.ko/.exec(line)?.[1])
    .filter((name) => name !== undefined);
  return { fileSystems: new Set([...known, ...loadable]), hasTool: (name) => findTool(name) !== undefined };
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}
