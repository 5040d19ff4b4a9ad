import { closeSync, constants, openSync } from "node:fs";
import type { DeviceFacts } from "../../system/disk/target/check-device.ts";
import { errnoNameOf } from "../system-call-error.ts";
import { runTool, ToolFailedError } from "../processes.ts";
import { isBlockDevice } from "./loop-devices.ts";

const timeoutMs = 30_000;
const columns = "PATH,TYPE,SIZE,RO,LOG-SEC,MOUNTPOINTS";

const noDevice: Omit<DeviceFacts, "path"> = {
  type: "none",
  sizeBytes: 0,
  sectorBytes: 512,
  isReadOnly: false,
  usedBy: [],
  signatures: [],
};

interface Row {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly ro: boolean;
  readonly "log-sec": number;
  readonly mountpoints: readonly (string | null)[];
  readonly children?: readonly Row[];
}

/** Looks at a block device and all that lies on it; what is none has the type `none`. Changes nothing. @throws {ToolFailedError} */
export async function inspectDevice(path: string, signal?: AbortSignal): Promise<DeviceFacts> {
  if (!isBlockDevice(path)) return { path, ...noDevice };
  const options = { timeoutMs, mustSucceed: true, ...(signal && { signal }) };
  const listed = await runTool("lsblk", ["--json", "--bytes", "--output", columns, "--", path], options);
  const [row] = (JSON.parse(listed.stdout) as { readonly blockdevices: readonly Row[] }).blockdevices;
  if (row === undefined) throw new ToolFailedError("lsblk", "exit-status", `it does not know "${path}"`);
  const usedBy = usersOf(row, path);
  const signatures = await signaturesOf(path, signal).catch((error: unknown) => {
    // One in use is told as that, whether it may be read or not.
    if (usedBy.length === 0) throw error;
    return [];
  });
  return {
    path,
    type: row.type,
    sizeBytes: row.size,
    sectorBytes: row["log-sec"],
    isReadOnly: row.ro,
    usedBy,
    signatures,
  };
}

/** Signatures of what lies on a device or in a file: `gpt`, `ext4`, … @throws {ToolFailedError} */
export async function signaturesOf(path: string, signal?: AbortSignal): Promise<string[]> {
  const options = { timeoutMs, mustSucceed: true, ...(signal && { signal }) };
  return signaturesIn((await runTool("wipefs", ["--json", "--no-act", "--", path], options)).stdout);
}

function usersOf(row: Row, path: string): string[] {
  const users = collectUsers(row, 0);
  return users.length === 0 && isClaimed(path) ? ["another program"] : users;
}

function collectUsers({ path, type, mountpoints, children = [] }: Row, depth: number): string[] {
  const mounts = mountpoints.filter((mountPoint) => mountPoint !== null);
  // Mapped devices hold what lies below them, mounted or not.
  const holds = depth > 0 && type !== "part" ? [`${type} ${path}`] : [];
  return [...mounts, ...holds, ...children.flatMap((child) => collectUsers(child, depth + 1))];
}

/** The kernel lets nobody else have a device for itself while it is mounted or part of another. */
function isClaimed(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_EXCL));
    return false;
  } catch (error) {
    if (errnoNameOf(error) === "EBUSY") return true;
    throw error;
  }
}

function signaturesIn(json: string): string[] {
  if (json.trim() === "") return [];
  const { signatures } = JSON.parse(json) as { readonly signatures: readonly { readonly type: string }[] };
  return [...new Set(signatures.map(({ type }) => type))];
}
