import type { BootLoaderFact } from "../../../core/manifest/manifest.ts";

type Firmware = BootLoaderFact["firmware"][number];

interface BootTrace {
  readonly path: string;
  readonly kind: BootLoaderFact["kind"];
  readonly firmware?: Firmware;
}

/** What boot loaders leave behind once they are installed, the loader that wins where several are there first. */
const bootTraces: readonly BootTrace[] = [
  { path: "boot/grub/grub.cfg", kind: "grub" },
  { path: "boot/grub/i386-pc", kind: "grub", firmware: "bios" },
  { path: "boot/grub/x86_64-efi", kind: "grub", firmware: "uefi" },
  { path: "boot/grub/i386-efi", kind: "grub", firmware: "uefi" },
  { path: "boot/grub/arm64-efi", kind: "grub", firmware: "uefi" },
  { path: "boot/grub/riscv64-efi", kind: "grub", firmware: "uefi" },
  { path: "boot/grub2/grub.cfg", kind: "grub" },
  { path: "boot/grub2/i386-pc", kind: "grub", firmware: "bios" },
  { path: "boot/grub2/x86_64-efi", kind: "grub", firmware: "uefi" },
  { path: "boot/grub2/arm64-efi", kind: "grub", firmware: "uefi" },
  ...["boot/efi", "efi", "boot"].flatMap((partition): BootTrace[] => [
    { path: `${partition}/EFI/systemd`, kind: "systemd-boot", firmware: "uefi" },
    { path: `${partition}/loader/loader.conf`, kind: "systemd-boot", firmware: "uefi" },
  ]),
  { path: "boot/extlinux/ldlinux.sys", kind: "extlinux", firmware: "bios" },
  { path: "boot/extlinux/extlinux.conf", kind: "extlinux" },
  { path: "boot/syslinux/ldlinux.sys", kind: "extlinux", firmware: "bios" },
  { path: "boot/efi/EFI", kind: "unknown", firmware: "uefi" },
  { path: "efi/EFI", kind: "unknown", firmware: "uefi" },
  { path: "boot/EFI", kind: "unknown", firmware: "uefi" },
];

/** The paths that tell of a boot loader; see {@link chooseBootLoader}. */
export const bootTracePaths: readonly string[] = bootTraces.map(({ path }) => path);

/** What boots a tree in which `present` of {@link bootTracePaths} are there; undefined where nothing does. */
export function chooseBootLoader(present: ReadonlySet<string>): BootLoaderFact | undefined {
  const found = bootTraces.filter(({ path }) => present.has(path));
  const [first] = found;
  if (first === undefined) return undefined;
  const firmware = new Set(found.map((trace) => trace.firmware).filter((name) => name !== undefined));
  return { kind: first.kind, firmware: [...firmware].toSorted() };
}
