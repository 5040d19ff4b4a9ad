import type { ToolCommand } from "../commands/tool-command.ts";
import type { Firmware } from "../plan/layout-check.ts";

/** How a disk is shown to a virtual machine. */
export type DiskBus = "virtio" | "sata" | "nvme";

/** A virtual computer to start a disk in. */
export interface GuestComputer {
  /** Absolute. It is started from. */
  readonly disk: string;
  /** Further disks of the same format on the same bus. */
  readonly otherDisks?: readonly string[];
  /** As `qemu-img` names it; never guessed, as a raw disk could pose as another format. */
  readonly format: string;
  readonly bus: DiskBus;
  readonly firmware: Firmware;
  readonly memoryBytes: number;
  readonly processorCount: number;
  readonly accelerator: "tcg" | "kvm";
  /** UEFI only: starts what is signed by keys that firmware makers bring, and nothing else. */
  readonly isSecureBoot: boolean;
}

/** Files of UEFI for virtual machines (package `ovmf`); `variables` is copied for each start. */
export function firmwareFiles({ isSecureBoot }: Pick<GuestComputer, "isSecureBoot">): {
  code: string;
  variables: string;
} {
  const folder = "/usr/share/OVMF";
  return isSecureBoot
    ? { code: `${folder}/OVMF_CODE_4M.ms.fd`, variables: `${folder}/OVMF_VARS_4M.ms.fd` }
    : { code: `${folder}/OVMF_CODE_4M.fd`, variables: `${folder}/OVMF_VARS_4M.fd` };
}

/**
 * Starts the computer with its first serial port on standard output. Nothing is written to the disk: what the guest writes goes to
 * a temporary file of QEMU's. It has no network. `variables` is the copy of the firmware's variables.
 */
export function guestCommand(computer: GuestComputer, variables: string | undefined): ToolCommand {
  const { disk, otherDisks = [], format, bus, memoryBytes, processorCount, accelerator, isSecureBoot } = computer;
  const isUefi = computer.firmware === "uefi";
  const { code } = firmwareFiles(computer);
  return {
    command: "qemu-system-x86_64",
    args: [
      "-nodefaults",
      "-no-user-config",
      "-no-reboot",
      "-display",
      "none",
      "-vga",
      "std",
      "-machine",
      // A BIOS then says on the serial port, too, what it has to say: that there is nothing to start, for one.
      isSecureBoot ? "q35,smm=on" : isUefi ? "q35" : "q35,graphics=off",
      ...(accelerator === "kvm" ? ["-accel", "kvm", "-cpu", "host"] : ["-accel", "tcg,thread=multi", "-cpu", emulated]),
      "-m",
      String(Math.ceil(memoryBytes / 2 ** 20)),
      "-smp",
      String(processorCount),
      "-chardev",
      "stdio,id=console,signal=off",
      "-device",
      "isa-serial,chardev=console",
      "-device",
      "virtio-rng-pci",
      ...(isUefi ? pflash("0", code, true) : []),
      ...(isUefi && variables !== undefined ? pflash("1", variables, false) : []),
      ...(isSecureBoot ? ["-global", "driver=cfi.pflash01,property=secure,value=on"] : []),
      ...[disk, ...otherDisks].flatMap((path, index) => [
        "-drive",
        `file=${escapeComma(path)},format=${format},if=none,id=disk${index},snapshot=on,cache=unsafe`,
        "-device",
        `${deviceOf[bus](index)},drive=disk${index}${index === 0 ? ",bootindex=0" : ""}`,
      ]),
    ],
  };
}

/** Everything but what makes emulation slow: strings are moved byte by byte with ERMS, and page tables have a fifth level with LA57. */
const emulated = "max,erms=off,fsrm=off,la57=off";

const deviceOf: Readonly<Record<DiskBus, (index: number) => string>> = {
  virtio: () => "virtio-blk-pci",
  sata: (index) => `ide-hd,bus=ide.${index}`,
  nvme: (index) => `nvme,serial=rehome${index}`,
};

function pflash(unit: string, file: string, isReadOnly: boolean): string[] {
  return ["-drive", `if=pflash,unit=${unit},format=raw,file=${escapeComma(file)}${isReadOnly ? ",readonly=on" : ""}`];
}

/** QEMU separates options with commas. */
function escapeComma(path: string): string {
  return path.replaceAll(",", ",,");
}
