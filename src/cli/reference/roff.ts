/**
 * Pieces of a man page in the language of man(7), as lines. What is put in comes from the definition as text with code in
 * backticks; it is escaped here, so that no text can be a request.
 */

/** A call of a macro: `.SH "EXIT STATUS"`. */
export function macro(name: string, ...words: readonly string[]): string {
  return [`.${name}`, ...words.map((word) => `"${escapeRoff(word).replaceAll('"', String.raw`\(dq`)}"`)].join(" ");
}

/** Paragraphs, of which the first follows a heading. */
export function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text, at) => [...(at === 0 ? [] : [".PP"]), filled(text)]);
}

/** A term that is made of {@link bold} and {@link italic}, and what is said of it. */
export function tagged(term: string, text: string): string[] {
  return [".TP", guarded(term), filled(text)];
}

/** Literal words: what a user types as it stands. */
export function bold(text: string): string {
  return String.raw`\fB${escapeRoff(text)}\fR`;
}

/** A word that stands for another. */
export function italic(text: string): string {
  return String.raw`\fI${escapeRoff(text)}\fR`;
}

/** Text in one line that is filled: code in backticks and options are bold. */
function filled(text: string): string {
  const parts = text.matchAll(/`([^`]*)`|((?<![\w-])--?[a-z][a-z-]*)|[^]/gu);
  return guarded([...parts].map(([whole, code, option]) => spell(whole, code ?? option)).join(""));
}

function spell(whole: string, literal: string | undefined): string {
  return literal === undefined ? escapeRoff(whole) : bold(literal);
}

/** A line that begins as a request does would be one. */
function guarded(line: string): string {
  return /^[.']/.test(line) ? String.raw`\&${line}` : line;
}

/** Every character as itself: hyphens as typed, quotes as ASCII, no escapes. */
export function escapeRoff(text: string): string {
  return text.replaceAll(/[\\\-'`^~\n]/g, (character) => escapes[character] ?? " ");
}

const escapes: Readonly<Record<string, string>> = {
  "\\": String.raw`\(rs`,
  "-": String.raw`\-`,
  "'": String.raw`\(aq`,
  "`": String.raw`\(ga`,
  "^": String.raw`\(ha`,
  "~": String.raw`\(ti`,
};
