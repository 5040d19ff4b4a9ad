import { createHash } from "node:crypto";

/** Gives the UUID for a purpose, such as `disk/0/partition/1`: lower-case, with dashes. */
export type UuidSource = (purpose: string) => string;

/** The same UUID for the same seed and purpose, always: version 8 of RFC 9562, bits from SHA-256. */
export function seededUuids(seed: string): UuidSource {
  return (purpose) => {
    const bytes = createHash("sha256").update(`rehome uuid\0${seed}\0${purpose}`).digest().subarray(0, 16);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    const hex = bytes.toString("hex");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  };
}
