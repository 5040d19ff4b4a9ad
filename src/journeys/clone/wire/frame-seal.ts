import { hkdfSync } from "node:crypto";
import { openBody, sealBody, sealedLength, type Seal } from "../../../image/format/seal.ts";
import { encodeFrameHeader, headerBytes, type FrameHeader } from "./frame-header.ts";

/** The keys under which the frames of a session are sealed. */
export class FrameKeys {
  readonly #sessionId: Buffer;
  readonly #sessionKey: Buffer;
  readonly #keys = new Map<number, Buffer>();

  constructor(sessionId: Buffer, sessionKey: Buffer) {
    this.#sessionId = sessionId;
    this.#sessionKey = sessionKey;
  }

  /** What a frame with this header is sealed with. */
  sealOf(header: FrameHeader): Seal {
    const nonce = Buffer.alloc(8);
    nonce.writeUInt32BE(header.counter);
    nonce.writeUInt32BE(header.frame, 4);
    return { key: this.#keyOf(header.sealer), nonce, boundTo: encodeFrameHeader(header) };
  }

  #keyOf(sealer: number): Buffer {
    const known = this.#keys.get(sealer);
    if (known) return known;
    const number = Buffer.alloc(4);
    number.writeUInt32BE(sealer);
    const purpose = Buffer.concat([Buffer.from("rehome chain 1 seal\0"), number]);
    const key = Buffer.from(hkdfSync("sha256", this.#sessionKey, this.#sessionId, purpose, 32));
    // Numbers of sealers come from peers; a bound keeps them from filling memory.
    if (this.#keys.size >= 64) this.#keys.clear();
    this.#keys.set(sealer, key);
    return key;
  }
}

/** Makes a whole frame, as it goes over a link. The header's length is made to fit. */
export function sealFrame(keys: FrameKeys, header: Omit<FrameHeader, "bodyBytes">, plain: Uint8Array): Buffer {
  const whole = { ...header, bodyBytes: sealedLength(plain.length) };
  const bytes = Buffer.allocUnsafeSlow(headerBytes + whole.bodyBytes);
  bytes.set(encodeFrameHeader(whole));
  sealBody(plain, keys.sealOf(whole), bytes.subarray(headerBytes));
  return bytes;
}

/** Opens the body of a frame. @throws {ObjectDamagedError} */
export function openFrame(keys: FrameKeys, header: FrameHeader, body: Uint8Array): Buffer {
  return openBody(body, keys.sealOf(header), `frame ${header.frame}`);
}
