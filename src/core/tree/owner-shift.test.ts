import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteString } from "./byte-string.ts";
import type { EntryMetadata } from "./entry.ts";
import { removeOwnerShift } from "./owner-shift.ts";

const shift = 524_288;

function owned(uid: number, gid: number, xattrs: Readonly<Record<string, string>> = {}): EntryMetadata {
  const list = Object.entries(xattrs).map(([name, hex]) => ({
    name: name as ByteString,
    value: Uint8Array.from(Buffer.from(hex, "hex")),
  }));
  return { mode: 0o644, uid, gid, mtimeSec: 0, mtimeNsec: 0, flags: 0, xattrs: list };
}

const hexOf = (metadata: EntryMetadata): string[] =>
  metadata.xattrs.map(({ value }) => Buffer.from(value).toString("hex"));

/** An ACL of version 2: user::rw-, user:A:rw-, group::r--, group:B:r--, mask::rw-, other::r--. */
function acl(user: number, group: number): string {
  const entry = (tag: number, permissions: number, id: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16LE(tag, 0);
    bytes.writeUInt16LE(permissions, 2);
    bytes.writeUInt32LE(id, 4);
    return bytes;
  };
  const none = 0xffff_ffff;
  return Buffer.concat([
    Buffer.from("02000000", "hex"),
    entry(0x01, 6, none),
    entry(0x02, 6, user),
    entry(0x04, 4, none),
    entry(0x08, 4, group),
    entry(0x10, 6, none),
    entry(0x20, 4, none),
  ]).toString("hex");
}

test("removeOwnerShift() takes the start of the range off owner and group", () => {
  assert.deepEqual(removeOwnerShift(owned(shift, shift + 65_535), shift), {
    metadata: owned(0, 65_535),
    outside: false,
  });
});

test("removeOwnerShift() keeps ids outside the range and says so", () => {
  assert.deepEqual(removeOwnerShift(owned(shift - 1, shift), shift), { metadata: owned(shift - 1, 0), outside: true });
  assert.deepEqual(removeOwnerShift(owned(shift, shift + 65_536), shift), {
    metadata: owned(0, shift + 65_536),
    outside: true,
  });
  assert.deepEqual(removeOwnerShift(owned(0, 0), shift), { metadata: owned(0, 0), outside: true });
});

test("removeOwnerShift() changes nothing where there is no shift", () => {
  const metadata = owned(1, 2, { "system.posix_acl_access": acl(3, 4) });
  assert.deepEqual(removeOwnerShift(metadata, 0), { metadata, outside: false });
});

test("removeOwnerShift() shifts named users and groups of ACLs, nothing else in them", () => {
  for (const name of ["system.posix_acl_access", "system.posix_acl_default"]) {
    const { metadata, outside } = removeOwnerShift(
      owned(shift, shift, { [name]: acl(shift + 1234, shift + 4321) }),
      shift,
    );
    assert.deepEqual([hexOf(metadata), outside], [[acl(1234, 4321)], false]);
  }
  const beyond = removeOwnerShift(owned(shift, shift, { "system.posix_acl_access": acl(7, shift + 5) }), shift);
  assert.deepEqual([hexOf(beyond.metadata), beyond.outside], [[acl(7, 5)], true]);
});

test("removeOwnerShift() leaves attributes alone that only look like ACLs", () => {
  const xattrs = { "user.acl": acl(shift + 1, shift + 1), "trusted.x": "00" };
  assert.deepEqual(hexOf(removeOwnerShift(owned(shift, shift, xattrs), shift).metadata), Object.values(xattrs));
  assert.doesNotThrow(() => removeOwnerShift(owned(shift, shift, { "system.posix_acl_access": "0200" }), shift));
  assert.doesNotThrow(() => removeOwnerShift(owned(shift, shift, { "security.capability": "" }), shift));
});

test("removeOwnerShift() turns a capability of the machine's root into a plain one", () => {
  const rootId = Buffer.alloc(4);
  const body = "0100000300200000000000000000000000000000";
  rootId.writeUInt32LE(shift);
  const own = removeOwnerShift(owned(shift, shift, { "security.capability": body + rootId.toString("hex") }), shift);
  assert.deepEqual([hexOf(own.metadata), own.outside], [["01000002" + body.slice(8)], false]);
  rootId.writeUInt32LE(shift + 1000);
  const nested = removeOwnerShift(owned(shift, shift, { "security.capability": body + rootId.toString("hex") }), shift);
  assert.deepEqual(hexOf(nested.metadata), [body + "e8030000"]);
  const plain = "01000002" + body.slice(8);
  assert.deepEqual(hexOf(removeOwnerShift(owned(shift, shift, { "security.capability": plain }), shift).metadata), [
    plain,
  ]);
});
