import { FormatInvalidError } from "../../../image/errors.ts";
import { ByteReader } from "../../../image/format/byte-reader.ts";
import { ByteWriter } from "../../../image/format/byte-writer.ts";
import { readFields, writeFields, type Fields, type ValuesOf } from "./fields.ts";

/** The newest version of the protocol that is spoken here: 2 has what a node with a disk as its target needs, 3 systems that are captured meanwhile. */
export const protocolVersion = 3;
/** The oldest one. */
export const oldestProtocolVersion = 1;

/** Whether a version that a node named is spoken here. */
export function isKnownVersion(version: number): boolean {
  return version >= oldestProtocolVersion && version <= protocolVersion;
}

/** Every message with its fields; the number is its type on the wire. */
export const messageShapes = {
  hello: { type: 1, fields: { version: "count", session: "text", name: "text", port: "count", rejoins: "count" } },
  report: {
    type: 2,
    fields: { complete: "count", lacking: "count", held: "count", silentMs: "count", epoch: "count" },
  },
  blame: { type: 3, fields: { epoch: "count", frame: "count" } },
  verdict: {
    type: 4,
    fields: { ok: "flag", digest: "text", verifiedBytes: "count", retries: "count", reason: "text" },
  },
  log: { type: 5, fields: { line: "text" } },
  ran: { type: 6, fields: { serial: "count", exitStatus: "count" } },
  "lost-link": { type: 7, fields: { epoch: "count" } },
  welcome: {
    type: 16,
    fields: {
      version: "count",
      number: "count",
      sessionId: 16,
      sessionKey: 32,
      goldenKey: 32,
      signature: 64,
      image: "text",
      indexFrames: "count",
      frames: "count",
    },
  },
  refuse: { type: 17, fields: { code: "text", reason: "text" } },
  link: { type: 18, fields: { epoch: "count", predecessor: "count", host: "text", port: "count", ticket: 32 } },
  accept: { type: 19, fields: { epoch: "count", successor: "count", aside: "flag", ticket: 32 } },
  alone: { type: 20, fields: {} },
  ping: { type: 21, fields: {} },
  end: { type: 22, fields: {} },
  exec: { type: 23, fields: { serial: "count", signature: 64, command: "text" } },
  settle: { type: 24, fields: { identity: "text", hostname: "text", modules: "text" } },
  disk: { type: 25, fields: { mayErase: "flag", layout: "document", usage: "document", bootRecords: "document" } },
  attach: { type: 32, fields: { epoch: "count", successor: "count", proof: 32 } },
  get: { type: 33, fields: { frames: "frames" } },
} as const;

/** Names of messages. */
export type MessageName = keyof typeof messageShapes;

/** One message, or any of several. */
export type Message<Name extends MessageName = MessageName> = {
  [Each in Name]: { readonly kind: Each } & ValuesOf<(typeof messageShapes)[Each]["fields"]>;
}[Name];

/** The longest message, its length field left out. */
export const maxMessageBytes: number = 1024 * 1024;

const shapes: Readonly<Record<string, { readonly type: number; readonly fields: Fields }>> = messageShapes;
const shapeOfType = new Map(Object.entries(shapes).map(([kind, { type, fields }]) => [type, { kind, fields }]));

/** Writes a message with its length. @throws {RangeError} If it is too long. */
export function encodeMessage(message: Message): Buffer {
  const { type, fields } = messageShapes[message.kind];
  const out = new ByteWriter();
  out.u32(0);
  out.u8(type);
  writeFields(out, fields, message);
  const bytes = out.take();
  if (bytes.length - 4 > maxMessageBytes) throw new RangeError(`cannot write a message of ${bytes.length} bytes`);
  bytes.writeUInt32LE(bytes.length - 4);
  return bytes;
}

/** Reads a message without its length. @throws {FormatInvalidError} If it is none, or none that is known. */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new ByteReader(bytes, "a message");
  const shape = shapeOfType.get(reader.u8());
  if (shape === undefined) throw reader.invalid("it is of no known type");
  if (shape.kind === "hello") {
    // What follows the version belongs to that version.
    const version = new ByteReader(bytes.subarray(1), "a message").varint();
    if (!isKnownVersion(version)) return { kind: "hello", version, session: "", name: "", port: 0, rejoins: 0 };
  }
  const values = readFields(reader, shape.fields);
  reader.end();
  return { ...values, kind: shape.kind } as unknown as Message;
}

/**
 * Cuts a stream of bytes into messages.
 *
 * Invariant: holds less than one message and what came with it in the last piece.
 */
export class MessageSplitter {
  #held: Buffer = Buffer.alloc(0);

  /** Takes bytes as they came and returns the messages that they complete. @throws {FormatInvalidError} */
  push(bytes: Buffer): Message[] {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const messages: Message[] = [];
    while (this.#held.length >= 4) {
      const length = this.#held.readUInt32LE();
      if (length === 0 || length > maxMessageBytes)
        throw new FormatInvalidError("a message", `its length of ${length} bytes is not allowed`);
      if (this.#held.length < 4 + length) break;
      messages.push(decodeMessage(this.#held.subarray(4, 4 + length)));
      this.#held = this.#held.subarray(4 + length);
    }
    return messages;
  }
}
