import { createHash, createHmac, sign, verify, type KeyObject } from "node:crypto";

/** The label under which both ends of a control connection export bytes of it. */
export const exporterLabel = "EXPORTER-rehome-chain-1";

function u32be(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** What the golden node signs to show a node that the connection ends at it; `exported` is of that connection. */
export function welcomeSubject(exported: Buffer): Buffer {
  return Buffer.concat([Buffer.from("rehome chain 1 welcome\0"), exported]);
}

/** What is signed of a part of the index. */
export function indexSubject(sessionId: Buffer, frame: number, payload: Uint8Array): Buffer {
  const digest = createHash("sha256").update(payload).digest();
  return Buffer.concat([Buffer.from("rehome chain 1 index\0"), sessionId, u32be(frame), digest]);
}

/** What is signed of a command for a node. */
export function execSubject(sessionId: Buffer, node: number, serial: number, command: string): Buffer {
  const head = Buffer.from("rehome chain 1 exec\0");
  return Buffer.concat([head, sessionId, u32be(node), u32be(serial), Buffer.from(command, "utf8")]);
}

/** Signs with an Ed25519 key. */
export function signSubject(subject: Buffer, key: KeyObject): Buffer {
  return sign(null, subject, key);
}

/** Says whether `signature` is that of `key` over `subject`. */
export function isSigned(subject: Buffer, signature: Uint8Array, key: KeyObject): boolean {
  return verify(null, subject, key, signature);
}

/** What a successor proves with that it may attach. */
export function attachProof(ticket: Buffer, nonce: Buffer, epoch: number, successor: number): Buffer {
  return createHmac("sha256", ticket).update(nonce).update(u32be(epoch)).update(u32be(successor)).digest();
}
