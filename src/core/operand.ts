import { UsageError } from "./errors.ts";

/** What an operand on the command line names (`design.md` section 2). */
export type Operand =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "machine" | "role" | "app"; readonly name: string }
  | ImageOperand;

/** An image, by name and perhaps tag, or by the first digits of its id; perhaps in another store. */
export interface ImageOperand {
  readonly kind: "image";
  readonly store?: string;
  readonly by:
    | { readonly kind: "name"; readonly name: string; readonly tag?: string }
    | { readonly kind: "id"; readonly prefix: string };
}

/** What a name of an image, machine or role may be. */
export const namePattern: RegExp = /^[a-z0-9][a-z0-9._-]{0,127}$/;
/** What a tag may be: a number given by capture, or a word given by `tag`. */
export const tagPattern: RegExp = /^(?:[1-9][0-9]{0,14}|[a-z][a-z0-9._-]{0,127})$/;

/**
 * Reads an operand: the one parser for all commands.
 *
 * @throws {UsageError}
 */
export function parseOperand(text: string): Operand {
  const scheme = /^(machine|role|app):(.*)$/s.exec(text);
  if (scheme?.[1] !== undefined && scheme[2] !== undefined) {
    if (!namePattern.test(scheme[2].toLowerCase()) || scheme[2].includes("/")) throw unreadable(text, "the name");
    return { kind: scheme[1] as "machine" | "role" | "app", name: scheme[2] };
  }
  const hash = text.lastIndexOf("#");
  if (hash > 0) return { ...parseImage(text.slice(hash + 1), text), store: text.slice(0, hash) };
  if (text.includes("/") || text === "." || text === "..") return { kind: "path", path: text };
  return parseImage(text, text);
}

/** Reads a name that a new image is to have. @throws {UsageError} */
export function parseImageName(text: string): string {
  if (namePattern.test(text)) return text;
  throw new UsageError(
    `cannot use the name ${JSON.stringify(text)}: it must begin with a-z or 0-9 and hold only those, \`.\`, \`_\` and \`-\`, at most 128`,
    "Choose another name.",
  );
}

/** Reads an operand that must name an image. @throws {UsageError} */
export function parseImageOperand(text: string): ImageOperand {
  const operand = parseOperand(text);
  if (operand.kind === "image") return operand;
  throw new UsageError(
    `cannot read "${text}": an image is needed, as NAME, NAME:TAG, @ID or STORE#IMAGE`,
    "`rehome images` lists them.",
  );
}

function parseImage(text: string, whole: string): ImageOperand {
  if (text.startsWith("@")) {
    if (!/^[0-9a-f]{8,64}$/.test(text.slice(1))) throw unreadable(whole, "the id after @ (8 to 64 hexadecimal digits)");
    return { kind: "image", by: { kind: "id", prefix: text.slice(1) } };
  }
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  if (!namePattern.test(name)) throw unreadable(whole, "the name (lower-case letters, digits, `.`, `_`, `-`)");
  if (colon < 0) return { kind: "image", by: { kind: "name", name } };
  const tag = text.slice(colon + 1);
  if (!tagPattern.test(tag)) throw unreadable(whole, "the tag");
  return { kind: "image", by: { kind: "name", name, tag } };
}

function unreadable(text: string, part: string): UsageError {
  return new UsageError(
    `cannot read "${text}": ${part} is not one`,
    "Give NAME, NAME:TAG, @ID, STORE#IMAGE, machine:NAME, or a path with a `/`.",
  );
}
