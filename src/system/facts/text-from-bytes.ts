import type { ByteString } from "../../core/tree/byte-string.ts";

/**
 * The UTF-8 text in `bytes` without control characters other than newline and tab, so that a field of a tree cannot
 * move a cursor; what is not UTF-8 becomes U+FFFD.
 */
export function textFromBytes(bytes: ByteString): string {
  if (/^[\t\n\x20-\x7e]*$/.test(bytes)) return bytes;
  const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  return text.replaceAll(/[^\P{Cc}\t\n]|[\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu, "");
}
