import { createCipheriv, createDecipheriv } from "node:crypto";
import { giveBack } from "../chunker/give-back.ts";
import { ObjectDamagedError } from "../errors.ts";

/** Plain bytes of a slice; only the last may have fewer. */
export const sliceBytes = 65_520;
const tagBytes = 16;

/** With what a body is sealed: the first 8 bytes of its nonces, which never come twice under a key, and what it is bound to. */
export interface Seal {
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly boundTo: Uint8Array;
}

/** Length of a body once it is sealed. */
export function sealedLength(plainBytes: number): number {
  return plainBytes + Math.max(1, Math.ceil(plainBytes / sliceBytes)) * tagBytes;
}

function sliceNonce({ nonce }: Seal, slice: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.set(nonce);
  bytes.writeUInt32BE(slice, 8);
  return bytes;
}

/** Seals a body slice by slice (AES-256-GCM) into `into`, which has {@link sealedLength} bytes. */
export function sealBody(plain: Uint8Array, seal: Seal, into: Uint8Array): void {
  let at = 0;
  for (let start = 0, slice = 0; start < plain.length || slice === 0; start += sliceBytes, slice++) {
    const cipher = createCipheriv("aes-256-gcm", seal.key, sliceNonce(seal, slice));
    cipher.setAAD(seal.boundTo);
    const sealed = cipher.update(plain.subarray(start, start + sliceBytes));
    cipher.final();
    const { length } = sealed;
    into.set(sealed, at);
    into.set(cipher.getAuthTag(), at + length);
    at += length + tagBytes;
    giveBack(sealed);
  }
}

/** Opens a body. @throws {ObjectDamagedError} If it was not sealed so. */
export function openBody(sealed: Uint8Array, seal: Seal, subject: string): Buffer {
  const slices = Math.ceil(sealed.length / (sliceBytes + tagBytes));
  const plain = Buffer.allocUnsafeSlow(Math.max(0, sealed.length - slices * tagBytes));
  let at = 0;
  for (let slice = 0; slice < slices; slice++) {
    const start = slice * (sliceBytes + tagBytes);
    const end = Math.min(start + sliceBytes + tagBytes, sealed.length);
    const decipher = createDecipheriv("aes-256-gcm", seal.key, sliceNonce(seal, slice));
    decipher.setAAD(seal.boundTo);
    try {
      if (end - start < tagBytes) throw new RangeError("a slice is too short");
      decipher.setAuthTag(sealed.subarray(end - tagBytes, end));
      const opened = decipher.update(sealed.subarray(start, end - tagBytes));
      decipher.final();
      plain.set(opened, at);
      at += opened.length;
      giveBack(opened);
    } catch (error) {
      throw new ObjectDamagedError(subject, "it does not open under its seal", { cause: error });
    }
  }
  return plain;
}
