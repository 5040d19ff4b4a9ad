import { FormatInvalidError } from "../../../image/errors.ts";

/** What a frame is: `index`, a `block` as stored, or one that a hop `rebuilt`; `idle` is none. */
export type FrameType = "idle" | "index" | "block" | "rebuilt";

/** What goes before the body of a frame (section 3.2). */
export interface FrameHeader {
  readonly type: FrameType;
  readonly frame: number;
  /** With the tags. */
  readonly bodyBytes: number;
  /** 0: the golden node. */
  readonly sealer: number;
  readonly counter: number;
}

/** Length of a header. */
export const headerBytes = 20;
/** The longest body, tags and all. */
export const maxBodyBytes: number = 16 * 1024 * 1024;

const types: readonly FrameType[] = ["idle", "index", "block", "rebuilt"];

/** Writes a header. */
export function encodeFrameHeader({ type, frame, bodyBytes, sealer, counter }: FrameHeader): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUInt8(types.indexOf(type), 0);
  bytes.writeUInt32LE(frame, 4);
  bytes.writeUInt32LE(bodyBytes, 8);
  bytes.writeUInt32LE(sealer, 12);
  bytes.writeUInt32LE(counter, 16);
  return bytes;
}

/** Reads a header. @throws {FormatInvalidError} */
export function decodeFrameHeader(bytes: Buffer): FrameHeader {
  const type = types[bytes.readUInt8(0)];
  const header = {
    frame: bytes.readUInt32LE(4),
    bodyBytes: bytes.readUInt32LE(8),
    sealer: bytes.readUInt32LE(12),
    counter: bytes.readUInt32LE(16),
  };
  if (type === undefined || bytes.readUIntLE(1, 3) !== 0) throw invalid("it is of no known type");
  const { frame, bodyBytes, sealer, counter } = header;
  if (type === "idle" && (frame | bodyBytes | sealer | counter) !== 0) throw invalid("an idle one says something");
  if (type !== "idle" && (bodyBytes <= sealTagBytes || bodyBytes > maxBodyBytes))
    throw invalid(`a body of ${bodyBytes} bytes is not allowed`);
  if (sealer !== 0 && type === "block") throw invalid("a node has sealed what only the golden node seals");
  return { type, ...header };
}

const sealTagBytes = 16;

function invalid(what: string): FormatInvalidError {
  return new FormatInvalidError("a frame", what);
}

/** The header of a frame that says only that the link lives. */
export const idleFrame: Buffer = encodeFrameHeader({ type: "idle", frame: 0, bodyBytes: 0, sealer: 0, counter: 0 });
