import { FormatInvalidError } from "../../../image/errors.ts";
import type { ByteReader } from "../../../image/format/byte-reader.ts";
import type { ByteWriter } from "../../../image/format/byte-writer.ts";
import { readRanges, writeRanges, type FrameRange } from "./frame-ranges.ts";

/** How a field of a message is written: `docs/protocol/chain.md` section 3. */
export type FieldKind = "count" | "text" | "document" | "flag" | "frames" | 16 | 32 | 64;

/** The fields of a message, in order. */
export type Fields = Readonly<Record<string, FieldKind>>;

interface FieldValues {
  readonly count: number;
  readonly text: string;
  readonly document: string;
  readonly flag: boolean;
  readonly frames: readonly FrameRange[];
  readonly 16: Buffer;
  readonly 32: Buffer;
  readonly 64: Buffer;
}

/** The values of a message with these fields. */
export type ValuesOf<Shape extends Fields> = { readonly [Name in keyof Shape]: FieldValues[Shape[Name]] };

const textBytes = 1024;
const documentBytes = 256 * 1024;

/** Writes fields in order. A text that is too long is cut off. @throws {RangeError} If a document is. */
export function writeFields(out: ByteWriter, fields: Fields, values: Readonly<Record<string, unknown>>): void {
  for (const [name, kind] of Object.entries(fields)) {
    const value = values[name];
    switch (kind) {
      case "count":
        out.varint(value as number);
        break;
      case "text":
        out.blob(Buffer.from(value as string, "utf8").subarray(0, textBytes));
        break;
      case "document":
        out.blob(shortEnough(name, Buffer.from(value as string, "utf8")));
        break;
      case "flag":
        out.u8(value === true ? 1 : 0);
        break;
      case "frames":
        writeRanges(out, value as FrameRange[]);
        break;
      default:
        if ((value as Buffer).length !== kind) throw new RangeError(`cannot write "${name}": it needs ${kind} bytes`);
        out.bytes(value as Buffer);
    }
  }
}

/** Reads fields in order; views of what `reader` holds. @throws {FormatInvalidError} */
export function readFields(reader: ByteReader, fields: Fields): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(fields)) values[name] = readField(reader, kind);
  return values;
}

function readField(reader: ByteReader, kind: FieldKind): FieldValues[FieldKind] {
  switch (kind) {
    case "count":
      return reader.varint();
    case "text":
      return readText(reader, textBytes);
    case "document":
      return readText(reader, documentBytes);
    case "flag": {
      const flag = reader.u8();
      if (flag > 1) throw reader.invalid("a flag is neither 0 nor 1");
      return flag === 1;
    }
    case "frames":
      return readRanges(reader);
    default:
      return reader.bytes(kind);
  }
}

function shortEnough(name: string, bytes: Buffer): Buffer {
  if (bytes.length > documentBytes) throw new RangeError(`cannot write "${name}": it has ${bytes.length} bytes`);
  return bytes;
}

function readText(reader: ByteReader, maxBytes: number): string {
  const bytes = reader.blob(maxBytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FormatInvalidError("a message", "a text is no UTF-8", { cause: error });
  }
}
