import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { guestPorts } from "../../host/disk/guests.ts";
import { firmwareFiles, type GuestComputer } from "../../system/disk/boot-test/guest-command.ts";
import { testBoot, type BootTestResult } from "../../system/disk/boot-test/test-boot.ts";
import { LayoutRefusedError } from "../../system/disk/layout/errors.ts";
import { UsageError } from "../../core/errors.ts";
import { readPassphrases } from "./luks-passphrases.ts";
import { findDisk } from "./plan-conversion.ts";

/** The computer to start a disk in. Everything has a default. */
export type TestDiskOptions = Partial<
  Pick<GuestComputer, "bus" | "firmware" | "memoryBytes" | "processorCount" | "isSecureBoot">
> & {
  /** What is typed when a passphrase is asked for: files, each `FILE` or `LUKS=FILE`. */
  readonly luksPassphraseFiles?: readonly string[];
  /** Default: ten minutes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
};

/** A disk that came to a login prompt, and in which computer. */
export interface TestedDisk extends BootTestResult {
  readonly computer: GuestComputer;
}

/**
 * Starts a disk image in an emulated computer and waits for a login prompt. The image is not changed.
 *
 * @throws {BootTestError} If it does not come to one in time. @throws {DiskImageUnsuitableError} @throws {UsageError}
 */
export async function testDisk(path: string, options: TestDiskOptions = {}): Promise<TestedDisk> {
  const { timeoutMs = 10 * 60_000, signal, bus = "virtio", firmware = "bios", isSecureBoot = false } = options;
  if (isSecureBoot && firmware !== "uefi")
    throw new UsageError("cannot start a BIOS with Secure Boot: only UEFI has it", "Give --firmware uefi as well.");
  const passphraseOf = readPassphrases(options.luksPassphraseFiles ?? []);
  const disk = resolve(path);
  const { format } = await findDisk(disk, signal);
  const { memoryBytes = 2 ** 30, processorCount = 2 } = options;
  // Where there is no hardware for it KVM fails late or hangs; emulation works everywhere.
  const accelerator = "tcg";
  const computer = { disk, format, bus, firmware, isSecureBoot, memoryBytes, processorCount, accelerator } as const;
  const { code } = firmwareFiles(computer);
  if (firmware === "uefi" && !existsSync(code))
    throw new LayoutRefusedError([{ reason: "missing-tool", message: `the firmware "${code}" is not installed` }]);
  return { computer, ...(await testBoot(computer, { timeoutMs, signal, passphraseOf }, guestPorts)) };
}
