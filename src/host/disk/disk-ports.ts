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
import { dirname } from "node:path";
import type { ToolCommand } from "../../system/disk/commands/tool-command.ts";
import type { DiskPorts, HostFiles } from "../../system/disk/build/ports.ts";
import { openTreeEditor } from "../prepare/tree-editor.ts";
import { runTool } from "../processes.ts";
import { forgetPartitions, freeArray, keepFromUdev, partitionsOf, usersOf } from "./device-users.ts";
import { attachLoopDevice, isBlockDevice, loopDevicesOver } from "./loop-devices.ts";
import { mountDevice, unmountBelow } from "./mounting.ts";
import { writeOutEarly } from "./write-out-early.ts";

const toolTimeoutMs = 10 * 60_000;

/** The {@link DiskPorts} of this host. */
export const diskPorts: DiskPorts = {
  run: runCommand,
  attach: attachLoopDevice,
  usersOf,
  attachedTo: (path) => [...loopDevicesOver(path), ...partitionsOf(path)],
  keepFromUdev,
  forgetPartitions,
  freeArray,
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
    writeOutEarly,
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
