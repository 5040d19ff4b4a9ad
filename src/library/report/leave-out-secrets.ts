import { contentMarks } from "../../system/capture/secrets/recognise-content.ts";

/** What stands where a secret stood. */
export const leftOutMark = "(left out)";

const secretName = String.raw`(?:pass(?:word|phrase|wd)?|secret|token|api[-_]?key|private[-_]?key|credentials?|authorization|cookie|psk)`;

/** A name that says that its value is a secret, at the end of a longer one too: `DB_PASSWORD`. */
const secretKey = new RegExp(`${secretName}$`, "i");

/** Each keeps its first group. More goes than has to: what is left out can be asked for. */
const marks: readonly RegExp[] = [
  /()-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z0-9 ]{1,64}-----|$)/g,
  /()\$(?:y|gy|7|6|5|2[abxy]|1|apr1)\$[./A-Za-z0-9$]{20,}/g,
  // What tells that a file holds a secret tells only its beginning.
  ...contentMarks.map(({ pattern }) => new RegExp(String.raw`()(?:${pattern.source})[\w./+=$-]*`, "g")),
  /([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@]{1,512}(?=@)/gi,
  new RegExp(String.raw`(--[a-z-]{0,32}${secretName}[= ])\S+`, "gi"),
  // Assignments, to the end of the line unless it is quoted.
  new RegExp(
    String.raw`(${secretName}["']?[ \t]{0,8}[:=][ \t]{0,8})(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"'][^\n]*)`,
    "gi",
  ),
];

/** A text without what looks like a secret: keys, tokens, password hashes, and values whose names say what they are. */
export function leaveOutSecrets(text: string): string {
  return marks.reduce((rest, mark) => rest.replaceAll(mark, `$1${leftOutMark}`), text);
}

/** The same for a value of JSON: its structure stays. */
export function leaveOutSecretValues(value: unknown): unknown {
  if (typeof value === "string") return leaveOutSecrets(value);
  if (Array.isArray(value)) return value.map(leaveOutSecretValues);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inside]) => [
      leaveOutSecrets(key),
      secretKey.test(key) && typeof inside === "string" ? leftOutMark : leaveOutSecretValues(inside),
    ]),
  );
}
