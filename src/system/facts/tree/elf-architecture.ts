import type { ByteString } from "../../../core/tree/byte-string.ts";

/** As many bytes of a file as {@link parseElfArchitecture} looks at. */
export const elfHeaderBytes = 20;

/** The machine an ELF file is for, as `uname -m` names it; undefined for other files and unknown machines. */
export function parseElfArchitecture(header: ByteString): string | undefined {
  if (header.length < elfHeaderBytes || !header.startsWith("\x7fELF")) return undefined;
  const is64 = header.charCodeAt(4) === 2;
  const isLittle = header.charCodeAt(5) === 1;
  const [first, second] = [header.charCodeAt(18), header.charCodeAt(19)];
  const names = machines[isLittle ? first + second * 256 : first * 256 + second];
  return names?.[`${is64 ? 64 : 32}${isLittle ? "le" : "be"}`];
}

type Layout = "32le" | "32be" | "64le" | "64be";

/** `e_machine` of elf(5) and linux/elf-em.h. */
const machines: Readonly<Record<number, Partial<Readonly<Record<Layout, string>>>>> = {
  2: { "32be": "sparc" },
  3: { "32le": "i686" },
  8: { "32be": "mips", "32le": "mipsel", "64be": "mips64", "64le": "mips64el" },
  15: { "32be": "parisc" },
  20: { "32be": "ppc" },
  21: { "64be": "ppc64", "64le": "ppc64le" },
  22: { "32be": "s390", "64be": "s390x" },
  40: { "32le": "armv7l", "32be": "armv7b" },
  43: { "64be": "sparc64" },
  50: { "64le": "ia64" },
  62: { "64le": "x86_64", "32le": "x86_64" },
  183: { "64le": "aarch64", "64be": "aarch64_be" },
  243: { "32le": "riscv32", "64le": "riscv64" },
  258: { "32le": "loongarch32", "64le": "loongarch64" },
};
