import { limits } from "./limits.ts";

const openBrace = 0x7b;
const openBracket = 0x5b;
const comma = 0x2c;

/**
 * Parses JSON that may come from an enemy.
 *
 * @throws {SyntaxError} If it is no JSON. @throws {RangeError} If it has too many values.
 */
export function parseBoundedJson(bytes: Buffer): unknown {
  assertBoundedJson(bytes);
  return JSON.parse(bytes.toString("utf8"));
}

/**
 * Counts what may begin a value, in texts too: a few bytes of JSON can become a hundred in memory.
 *
 * @throws {RangeError} If there are too many.
 */
export function assertBoundedJson(bytes: Buffer): void {
  let values = 0;
  for (const byte of bytes) if (byte === comma || byte === openBrace || byte === openBracket) values += 1;
  if (values > limits.jsonValues) throw new RangeError(`it has ${values} values, and ${limits.jsonValues} are allowed`);
}
