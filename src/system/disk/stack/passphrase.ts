const maxBytes = 512;

/**
 * The passphrase in a file: its first line, of UTF-8 that can be typed where a system starts, at most 512 bytes. Undefined where it is
 * not that.
 */
export function passphraseIn(file: Uint8Array): string | undefined {
  const end = file.indexOf(0x0a);
  const bytes = end === -1 ? file : file.subarray(0, end);
  if (bytes.length === 0 || bytes.length > maxBytes) return undefined;
  try {
    const line = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return /\p{Cc}/u.test(line) ? undefined : line;
  } catch {
    return undefined;
  }
}
