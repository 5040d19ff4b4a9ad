import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { RehomeError, throwIfInterrupted } from "../../core/errors.ts";
import { byteStringFromText } from "../../core/tree/byte-string.ts";
import * as libc from "../libc.ts";
import { SystemCallError } from "../system-call-error.ts";

/** A part of a file or device that can be used as a block device. */
export interface AttachedDevice extends AsyncDisposable {
  /** `/dev/loop7` */
  readonly device: string;
  /**
   * Writes what was written to the device into what lies below. Without this it may happen later, over what others wrote there
   * meanwhile: whoever looks at a device (udev, lsblk) keeps it open.
   */
  sync(): void;
}

const attempts = 20;
const letGoTimeoutMs = 30_000;

/**
 * Makes the bytes from `offsetBytes` on of the file or block device `path` a block device, until it is disposed of.
 *
 * The kernel takes it down by itself when nobody has it open or mounted any more, so also when this process is killed, at any instant:
 * that it shall is said in the call that attaches it (Linux 5.8 and newer).
 *
 * @throws {SystemCallError} @throws {InterruptedError}
 */
export async function attachLoopDevice(
  path: string,
  offsetBytes: number,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<AttachedDevice> {
  const backing = openSync(path, "r+");
  try {
    for (let attempt = 1; ; attempt++) {
      throwIfInterrupted(signal, "attaching a loop device");
      const attached = attachFree(backing, path, offsetBytes, sizeBytes);
      if (attached !== undefined) return heldOpen(attached);
      if (attempt === attempts) throw new SystemCallError("attach a loop device to", byteStringFromText(path));
      await delay(10 * attempt);
    }
  } finally {
    closeSync(backing);
  }
}

/** A loop device, and what keeps it. */
interface OpenDevice {
  readonly device: string;
  readonly file: number;
}

/**
 * Attaches a device that is free; undefined if another process was quicker to take it. What is kept open is open for reading alone:
 * udev looks at a device, and puts together what it finds on it, when one who could write closes it.
 *
 * @throws {SystemCallError}
 */
function attachFree(backing: number, path: string, offsetBytes: number, sizeBytes: number): OpenDevice | undefined {
  const device = `/dev/loop${freeNumber()}`;
  const file = openSync(device, "r+");
  try {
    if (libc.ioctl(file, libc.LOOP_CONFIGURE, loopConfig(backing, path, offsetBytes, sizeBytes)) === 0)
      return { device, file: openSync(device, "r") };
    const error = new SystemCallError("attach a loop device to", byteStringFromText(path));
    if (error.errnoName === "EBUSY") return undefined;
    throw error;
  } finally {
    closeSync(file);
  }
}

function freeNumber(): number {
  const control = openSync("/dev/loop-control", "r+");
  try {
    const number = libc.ioctl(control, libc.LOOP_CTL_GET_FREE, null);
    if (number < 0) throw new SystemCallError("find a free loop device by", byteStringFromText("/dev/loop-control"));
    return number;
  } finally {
    closeSync(control);
  }
}

/** A `struct loop_config` of linux/loop.h: the file, the block size (0: as the kernel likes), a `struct loop_info64`, and room for more. */
function loopConfig(backing: number, path: string, offsetBytes: number, sizeBytes: number): Buffer {
  const config = Buffer.alloc(304);
  const info = config.subarray(8);
  config.writeUInt32LE(backing, 0);
  info.writeBigUInt64LE(BigInt(offsetBytes), 24);
  info.writeBigUInt64LE(BigInt(sizeBytes), 32);
  info.writeUInt32LE(libc.LO_FLAGS_AUTOCLEAR, 52);
  // For people only, and cut off where it is too long.
  info.write(path, 56, 63, "utf8");
  return config;
}

/** A device that clears itself goes once the last one has closed it. */
function heldOpen({ device, file }: OpenDevice): AttachedDevice {
  const attached = attachmentOf(device);
  return {
    device,
    sync: () => fsyncSync(file),
    [Symbol.asyncDispose]: async () => {
      closeSync(file);
      await gone(device, attached);
    },
  };
}

/**
 * Waits until the kernel has let go of what lies below, so that whoever comes next finds it free. A mount namespace that was made while
 * this process had something mounted keeps it mounted there, unwritten; a second device over it would see and make damage.
 */
async function gone(device: string, attached: string | undefined): Promise<void> {
  if (attached === undefined) return;
  const endMs = performance.now() + letGoTimeoutMs;
  while (attachmentOf(device) === attached) {
    if (performance.now() > endMs) throw new DeviceHeldError(device);
    await delay(20);
  }
}

/** Another process keeps a device that this one has done with. */
export class DeviceHeldError extends RehomeError {
  override readonly name = "DeviceHeldError";
  readonly code = "DEVICE_REFUSED";
  readonly device: string;

  constructor(device: string) {
    super(
      `cannot let go of "${device}": another process has it open, or mounted in a namespace of its own`,
      "End that process, then run the same command again.",
    );
    this.device = device;
  }
}

/** What lies below a loop device now, told from what others attach to the same number afterwards; undefined if nothing does. */
function attachmentOf(device: string): string | undefined {
  const block = `/sys/block/${device.slice("/dev/".length)}`;
  try {
    const backing = readFileSync(`${block}/loop/backing_file`, "utf8");
    // Linux 5.15 and newer count up with each attachment.
    return existsSync(`${block}/diskseq`) ? readFileSync(`${block}/diskseq`, "utf8") + backing : backing;
  } catch {
    return undefined;
  }
}

/** The loop devices whose backing file lies below `directory`: what a killed process may have left for a moment. */
export function loopDevicesOf(directory: string): string[] {
  return attachedDevices().filter((device) => attachmentOf(device)?.includes(`${directory}/`));
}

/**
 * The loop devices over the file or device `path`, told by what it is: the path that the kernel shows is no more that of this process once
 * the mounts are gone in which it was opened.
 */
export function loopDevicesOver(path: string): string[] {
  const wanted = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (wanted === undefined) return [];
  return attachedDevices().filter((name) => {
    const backing = backingOf(name);
    return backing?.device === wanted.dev && backing.inode === wanted.ino;
  });
}

function attachedDevices(): string[] {
  const isAttached = (name: string): boolean => name.startsWith("loop") && existsSync(`/sys/block/${name}/loop`);
  return readdirSync("/sys/block")
    .filter(isAttached)
    .map((name) => `/dev/${name}`);
}

/** From the `struct loop_info64` of a device; undefined where nothing lies below it any more. */
function backingOf(device: string): { readonly device: bigint; readonly inode: bigint } | undefined {
  const info = Buffer.alloc(232);
  try {
    const file = openSync(device, "r");
    try {
      if (libc.ioctl(file, libc.LOOP_GET_STATUS64, info) !== 0) return undefined;
      return { device: info.readBigUInt64LE(0), inode: info.readBigUInt64LE(8) };
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Says whether `path` is a block device. */
export function isBlockDevice(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isBlockDevice() ?? false;
}
