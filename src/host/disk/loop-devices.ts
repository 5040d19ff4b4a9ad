import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { RehomeError } from "../../core/errors.ts";
import { runTool, ToolFailedError } from "../processes.ts";

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

const timeoutMs = 60_000;
const attempts = 5;
const letGoTimeoutMs = 30_000;

/**
 * Makes the bytes from `offsetBytes` on of the file or block device `path` a block device, until it is disposed of.
 *
 * The kernel takes it down by itself when nobody has it open or mounted any more, so also when this process is killed.
 *
 * @throws {ToolFailedError} @throws {InterruptedError}
 */
export async function attachLoopDevice(
  path: string,
  offsetBytes: number,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<AttachedDevice> {
  const place = ["--offset", String(offsetBytes), "--sizelimit", String(sizeBytes)];
  const options = { timeoutMs, mustSucceed: true, ...(signal && { signal }) };
  for (let attempt = 1; ; attempt++) {
    try {
      const { stdout } = await runTool("losetup", ["--show", "--find", ...place, path], options);
      return await holdOpen(stdout.trim());
    } catch (error) {
      // Another process may have taken the device between the look and the grasp.
      if (!(error instanceof ToolFailedError) || error.failure !== "exit-status" || attempt === attempts) throw error;
      await delay(50 * attempt);
    }
  }
}

/** A device that is detached while it is open goes once the last one has closed it (losetup(8), "lazy"). */
async function holdOpen(device: string): Promise<AttachedDevice> {
  const file = openSync(device, "r");
  try {
    await runTool("losetup", ["--detach", device], { timeoutMs, mustSucceed: true });
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return {
    device,
    sync: () => fsyncSync(file),
    [Symbol.asyncDispose]: async () => {
      closeSync(file);
      await gone(device);
    },
  };
}

/**
 * Waits until the kernel has let go of what lies below, so that whoever comes next finds it free. A mount namespace that was made while
 * this process had something mounted keeps it mounted there, unwritten; a second device over it would see and make damage.
 */
async function gone(device: string): Promise<void> {
  const backing = `/sys/block/${device.slice("/dev/".length)}/loop/backing_file`;
  const endMs = performance.now() + letGoTimeoutMs;
  while (isReadable(backing)) {
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

function isReadable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The loop devices whose backing file lies below `directory`: what a killed process may have left for a moment. */
export function loopDevicesOf(directory: string): string[] {
  return loopDevices((backing) => backing.startsWith(`${directory}/`));
}

/** The loop devices over the file or device `path`. */
export function loopDevicesOver(path: string): string[] {
  if (!existsSync(path)) return [];
  const real = realpathSync(path);
  return loopDevices((backing) => backing === real);
}

function loopDevices(isWanted: (backing: string) => boolean): string[] {
  return readdirSync("/sys/block")
    .filter((name) => name.startsWith("loop"))
    .filter((name) => {
      try {
        return isWanted(readFileSync(`/sys/block/${name}/loop/backing_file`, "utf8").trimEnd());
      } catch {
        return false;
      }
    })
    .map((name) => `/dev/${name}`);
}

/** Says whether `path` is a block device. */
export function isBlockDevice(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isBlockDevice() ?? false;
}
