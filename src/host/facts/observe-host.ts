import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { machine, networkInterfaces, release, totalmem, availableParallelism } from "node:os";
import { basename, join } from "node:path";
import type { HostObservations, ObservedInterface } from "../../system/facts/index.ts";
import { runTool, ToolFailedError } from "../processes.ts";

/** Columns of an lsblk from 2.38 on, and of older ones, which refuse the whole list for one column they do not know. */
const lsblkColumns = [
  "NAME,TYPE,SIZE,MODEL,SERIAL,PTTYPE,PARTTYPE,PARTUUID,START,FSTYPE,UUID,LABEL,MOUNTPOINTS",
  "NAME,TYPE,SIZE,MODEL,SERIAL,PARTTYPE,PARTUUID,FSTYPE,UUID,LABEL,MOUNTPOINT",
];
const toolTimeoutMs = 10_000;

/** What this host shows of itself. Changes nothing; a tool that is missing or fails leaves its part out. */
export async function observeHost(signal?: AbortSignal): Promise<HostObservations> {
  const [lsblkJson, pvsJson, ipJson] = await Promise.all([
    listBlockDevices(signal),
    listPhysicalVolumes(signal),
    outputOf("ip", ["-json", "-details", "address"], signal),
  ]);
  return {
    kernelRelease: release(),
    machine: machine(),
    cpuInfo: textAt("/proc/cpuinfo") ?? "",
    processorCount: availableParallelism(),
    memoryBytes: totalmem(),
    hasEfi: existsSync("/sys/firmware/efi"),
    interfaces: observeInterfaces(),
    ...(lsblkJson !== undefined && { lsblkJson }),
    ...(pvsJson !== undefined && { pvsJson }),
    ...(ipJson !== undefined && { ipJson }),
  };
}

async function listBlockDevices(signal: AbortSignal | undefined): Promise<string | undefined> {
  for (const columns of lsblkColumns) {
    const json = await outputOf("lsblk", ["--json", "--bytes", "--output", columns], signal);
    if (json !== undefined) return json;
  }
  return undefined;
}

/** Undefined where nothing here is of LVM: its tools would wait for a kernel that knows it. */
async function listPhysicalVolumes(signal: AbortSignal | undefined): Promise<string | undefined> {
  if (!existsSync("/sys/module/dm_mod")) return undefined;
  return await outputOf("lvm", ["pvs", "--reportformat", "json", "--options", "pv_name,vg_name"], signal);
}

async function outputOf(
  command: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const { stdout } = await runTool(command, args, {
      timeoutMs: toolTimeoutMs,
      mustSucceed: true,
      ...(signal && { signal }),
    });
    return stdout;
  } catch (error) {
    if (error instanceof ToolFailedError) return undefined;
    throw error;
  }
}

function observeInterfaces(): ObservedInterface[] {
  const known = networkInterfaces();
  const observed: ObservedInterface[] = [];
  for (const name of namesIn("/sys/class/net")) {
    const folder = join("/sys/class/net", name);
    const hardwareType = textAt(join(folder, "type"));
    if (hardwareType === undefined) continue; // `bonding_masters` is a file
    const macAddress = textAt(join(folder, "address"));
    const [, deviceType] = /^DEVTYPE=(.+)$/m.exec(textAt(join(folder, "uevent")) ?? "") ?? [];
    const driver = linkAt(join(folder, "device", "driver"));
    observed.push({
      name,
      hardwareType: Number(hardwareType),
      ...(macAddress !== undefined && { macAddress }),
      ...(deviceType !== undefined && { deviceType }),
      ...(driver !== undefined && { driver: basename(driver) }),
      addresses: (known[name] ?? []).flatMap(({ cidr }) => cidr ?? []),
    });
  }
  return observed;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
