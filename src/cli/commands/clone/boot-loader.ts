import { UsageError } from "../../../core/errors.ts";

/**
 * Reads what `-r` takes, in the words of the KA method: `grub --with=jfs --with=ata_piix`.
 *
 * @returns The kernel modules that the initramfs is to have. @throws {UsageError}
 */
export function parseBootLoader(text: string): readonly string[] {
  const [loader, ...words] = text.trim().split(/\s+/);
  if (loader === "lilo")
    throw new UsageError(
      'cannot use the boot loader "lilo": it starts a kernel by the blocks it lies in, which are others in every copy, and it knows no UEFI',
      "Use grub: have the golden system boot with it, and give -r grub.",
    );
  if (loader !== "grub") throw new UsageError(`cannot use the boot loader "${loader}"`, "Give grub.");
  return words.map((word) => {
    const name = /^--with=([A-Za-z0-9][A-Za-z0-9_-]{0,63})$/.exec(word)?.[1];
    if (name !== undefined) return name;
    throw new UsageError(`cannot use "${word}" with a boot loader`, "Give --with=MODULE for each kernel module.");
  });
}
