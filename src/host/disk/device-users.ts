import { closeSync, existsSync, openSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { DeviceUser } from "../../system/disk/build/ports.ts";
import { flock } from "../libc.ts";
import { runTool, ToolFailedError } from "../processes.ts";
import { DeviceHeldError, isBlockDevice } from "./loop-devices.ts";

/** The arrays and mapped devices that the kernel has over `device` now. */
export function usersOf(device: string): DeviceUser[] {
  const block = `/sys/class/block/${basename(realpathSync(device))}`;
  return readNames(`${block}/holders`).map((name): DeviceUser => {
    const mapped = readText(`/sys/class/block/${name}/dm/name`);
    if (mapped !== undefined) return { kind: "mapped", name: mapped, device: `/dev/${name}` };
    const state = readText(`/sys/class/block/${name}/md/array_state`);
    return {
      kind: "array",
      device: `/dev/${name}`,
      isRunning: state !== undefined && !/^(?:clear|inactive)$/.test(state),
    };
  });
}

/** The partitions that the kernel knows of a disk. */
export function partitionsOf(device: string): string[] {
  if (!isBlockDevice(device)) return [];
  const name = basename(realpathSync(device));
  const isPartition = (entry: string): boolean => existsSync(`/sys/class/block/${entry}/partition`);
  return readNames(`/sys/class/block/${name}`)
    .filter((entry) => entry.startsWith(name) && isPartition(entry))
    .map((entry) => `/dev/${entry}`);
}

const lockTimeoutMs = 60_000;
const lockIntervalMs = 50;
/** LOCK_EX and LOCK_NB of flock(2). */
const exclusiveWithoutWaiting = 2 | 4;

/**
 * Keeps udev from looking at a device, by the lock that it honours (systemd's "block device locking"), until it is disposed of.
 *
 * @throws {DeviceHeldError} If somebody else has it locked for a minute.
 */
export async function keepFromUdev(device: string, signal?: AbortSignal): Promise<Disposable> {
  const file = openSync(device, "r");
  try {
    const endMs = performance.now() + lockTimeoutMs;
    while (flock(file, exclusiveWithoutWaiting) !== 0) {
      if (performance.now() > endMs) throw new DeviceHeldError(device);
      await delay(lockIntervalMs, undefined, signal && { signal });
    }
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return { [Symbol.dispose]: () => closeSync(file) };
}

/** Whoever looks at all devices (lsblk, blkid) has a partition open for a moment, and honours no lock. */
const lookTimeoutMs = 10_000;
const lookIntervalMs = 50;

/** Makes the kernel forget the partitions that it knows of a disk. @throws {ToolFailedError} If one is in use for ten seconds. */
export async function forgetPartitions(device: string, signal?: AbortSignal): Promise<void> {
  await whileOthersLook(async () => await forgetAll(device, signal), signal);
}

/**
 * Tells the kernel what a disk's table says now. `partx --update` would keep partitions that the table has no more.
 *
 * @throws {ToolFailedError} If one is in use for ten seconds, or it takes no partitions of such a device.
 */
export async function tellPartitions(device: string, signal?: AbortSignal): Promise<void> {
  await whileOthersLook(async () => {
    await forgetAll(device, signal);
    await runTool("partx", ["--add", device], { mustSucceed: true, ...(signal && { signal }) });
  }, signal);
}

async function forgetAll(device: string, signal?: AbortSignal): Promise<void> {
  for (const partition of partitionsOf(device)) {
    const number = readText(`/sys/class/block/${basename(partition)}/partition`) ?? "";
    await runTool("delpart", [device, number], { mustSucceed: true, ...(signal && { signal }) });
  }
}

async function whileOthersLook(work: () => Promise<void>, signal?: AbortSignal): Promise<void> {
  const endMs = performance.now() + lookTimeoutMs;
  for (;;)
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof ToolFailedError) || performance.now() > endMs) throw error;
      await delay(lookIntervalMs, undefined, signal && { signal });
    }
}

const highestArray = 127;

/** The name of an array that is not there; as mdadm does, from the highest on. */
export function freeArray(): string {
  let number = highestArray;
  while (number > 0 && existsSync(`/sys/class/block/md${number}`)) number--;
  return `/dev/md${number}`;
}

function readNames(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}
