import type { Tagged } from "../tagged.ts";

/**
 * Bytes held as a string with one character (U+0000 to U+00FF) for each byte.
 *
 * File names, symlink targets and paths inside a tree have any bytes; in this form they compare bytewise with `<`,
 * serve as map keys, and lose nothing. `Buffer.from(s, "latin1")` and `buffer.toString("latin1")` convert.
 */
export type ByteString = Tagged<string, "ByteString">;

/** A path inside a tree: names joined with `/`, no leading or trailing `/`; the root is the empty string. */
export type TreePath = ByteString;

/** The bytes that encode `text` in UTF-8, as a {@link ByteString}. */
export function byteStringFromText(text: string): ByteString {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes as ByteString;
}

/**
 * Text for people: UTF-8 as it is, with control characters, backslashes and bytes that are not UTF-8 written as
 * `\n`, `\t`, `\\` or `\xHH`, so that no name can forge a line or move a cursor.
 */
export function displayBytes(bytes: ByteString): string {
  if (/^[\x20-\x5b\x5d-\x7e]*$/.test(bytes)) return bytes;
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const character = decodeUtf8(bytes.slice(at, at + utf8LengthAt(bytes, at)));
    const length = Math.max(1, utf8LengthOf(character));
    if (character === "" || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/u.test(character))
      for (const byte of bytes.slice(at, at + length)) text += escapeByte(byte);
    else text += character;
    at += length;
  }
  return text;
}

/** Undoes {@link displayBytes}, and takes plain text as UTF-8: what a person types for a path. */
export function parseDisplayed(text: string): ByteString {
  let bytes = "";
  for (const [part] of text.matchAll(/\\x[0-9a-fA-F]{2}|\\[nt\\]|[^]/gu)) {
    if (part.startsWith("\\x") && part.length === 4) bytes += String.fromCharCode(Number.parseInt(part.slice(2), 16));
    else if (part === "\\n") bytes += "\n";
    else if (part === "\\t") bytes += "\t";
    else if (part === "\\\\") bytes += "\\";
    else bytes += byteStringFromText(part);
  }
  return bytes as ByteString;
}

function escapeByte(byte: string): string {
  if (byte === "\n") return "\\n";
  if (byte === "\t") return "\\t";
  if (byte === "\\") return "\\\\";
  return `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

function utf8LengthAt(bytes: string, at: number): number {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

function utf8LengthOf(character: string): number {
  return new TextEncoder().encode(character).length;
}

function decodeUtf8(bytes: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)),
    );
  } catch {
    return "";
  }
}
