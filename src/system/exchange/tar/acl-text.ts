import type { ByteString } from "../../../core/tree/byte-string.ts";

/** The extended attributes that hold POSIX access lists, and what pax headers call them as text. */
export const aclKeywords: Readonly<Record<string, string>> = {
  "system.posix_acl_access": "SCHILY.acl.access",
  "system.posix_acl_default": "SCHILY.acl.default",
};

const tagWords: Readonly<Record<number, string>> = {
  1: "user",
  2: "user",
  4: "group",
  8: "group",
  16: "mask",
  32: "other",
};
const entryBytes = 8;
const headerBytes = 4;
const knownVersion = 2;

/**
 * An access list as text, `user::rwx,user:1000:r-x,group::r-x,mask::rwx,other::---`, from the form in which the kernel gives it
 * (linux/posix_acl_xattr.h). Undefined if it is none.
 */
export function formatAcl(value: Uint8Array): ByteString | undefined {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (
    bytes.length < headerBytes ||
    bytes.readUInt32LE(0) !== knownVersion ||
    (bytes.length - headerBytes) % entryBytes !== 0
  )
    return undefined;
  const entries: string[] = [];
  for (let at = headerBytes; at < bytes.length; at += entryBytes) {
    const tag = bytes.readUInt16LE(at);
    const word = tagWords[tag];
    if (word === undefined) return undefined;
    const permissions = bytes.readUInt16LE(at + 2);
    const letters = `${permissions & 4 ? "r" : "-"}${permissions & 2 ? "w" : "-"}${permissions & 1 ? "x" : "-"}`;
    entries.push(`${word}:${tag === 2 || tag === 8 ? bytes.readUInt32LE(at + 4) : ""}:${letters}`);
  }
  return entries.join(",") as ByteString;
}
