import { decodeBlock } from "../chunker/decode-block.ts";
import { giveBack } from "../chunker/give-back.ts";
import type { Codec } from "../format/pack.ts";
import { openBody, type Seal } from "../format/seal.ts";

/** A stored block that travels to another thread. `block` is its source's number for it, `subject` names it in messages. */
export interface CarriedBlock {
  readonly block: number;
  readonly codec: Codec;
  readonly plainBytes: number;
  readonly stored: Uint8Array;
  readonly subject: string;
  /** Under what `stored` is sealed, where it is. */
  readonly seal?: Seal;
}

/** The plain bytes of a carried block. @throws {ObjectDamagedError} */
export function openCarried({ stored, codec, plainBytes, subject, seal }: CarriedBlock): Buffer {
  if (seal === undefined) return decodeBlock(stored, codec, plainBytes, subject);
  const opened = openBody(stored, seal, subject);
  const plain = decodeBlock(opened, codec, plainBytes, subject);
  if (codec === 1) giveBack(opened);
  return plain;
}
