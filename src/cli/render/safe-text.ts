/**
 * Text that cannot forge a line, move a cursor or turn the direction of writing: control and format characters, and
 * halves of surrogate pairs, are written as `\u{HH}`. Everything that is printed as a line goes through it.
 */
export function safeText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text.replaceAll(unsafe, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`);
}

/** JSON as it may be written to a terminal: what `JSON.stringify` leaves of control and format characters is escaped. */
export function safeJson(json: string): string {
  return json.replaceAll(unsafeInJson, (characters) =>
    [...Array(characters.length).keys()]
      .map((at) => `\\u${characters.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

// A zero-width joiner holds emoji together and is harmless; other format characters can hide or reorder text.
const unsafe = /(?!\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const unsafeInJson = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
