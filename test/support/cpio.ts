/** A cpio archive as `cpio -H newc` writes it. */
export function cpio(files: Readonly<Record<string, string>>): Buffer {
  const parts = [...Object.entries(files), ["TRAILER!!!", ""] as const].map(([name, content]) => {
    const numbers = [1, 0o100_644, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length + 1, 0];
    const header = `070701${numbers.map((number) => number.toString(16).padStart(8, "0")).join("")}`;
    const pad = (text: string): string => text.padEnd(Math.ceil(text.length / 4) * 4, "\0");
    return pad(`${header}${name}\0`) + pad(content);
  });
  return Buffer.from(parts.join(""), "latin1");
}
