import type { EntryMetadata, ExtendedAttribute } from "./entry.ts";

/** How many ids a machine's range has. */
export const ownerRangeLength = 65_536;

/** What {@link removeOwnerShift} found. `outside`: an id beyond the machine's range was kept as it is. */
export interface ShiftedMetadata {
  readonly metadata: EntryMetadata;
  readonly outside: boolean;
}

/**
 * Takes the start of a machine's uid range off owner, group, the ids in ACLs and the root id of a capability, so that the
 * image holds what the machine itself sees. Ids outside the range are kept.
 *
 * @param shift A multiple of 65,536; 0 changes nothing.
 */
export function removeOwnerShift(metadata: EntryMetadata, shift: number): ShiftedMetadata {
  if (shift === 0) return { metadata, outside: false };
  let outside = false;
  const take = (id: number): number => {
    if (id >= shift && id < shift + ownerRangeLength) return id - shift;
    outside = true;
    return id;
  };
  const uid = take(metadata.uid);
  const gid = take(metadata.gid);
  const xattrs = metadata.xattrs.map((attribute) => shiftAttribute(attribute, take));
  return { metadata: { ...metadata, uid, gid, xattrs }, outside };
}

function shiftAttribute(attribute: ExtendedAttribute, take: (id: number) => number): ExtendedAttribute {
  if (attribute.name.startsWith("system.posix_acl_"))
    return { name: attribute.name, value: shiftAcl(attribute.value, take) };
  if (attribute.name === "security.capability")
    return { name: attribute.name, value: shiftCapability(attribute.value, take) };
  return attribute;
}

/** ACL of version 2 (`linux/posix_acl_xattr.h`): u32 version, then entries of u16 tag, u16 permissions, u32 id. */
function shiftAcl(value: Uint8Array, take: (id: number) => number): Uint8Array {
  const shifted = Uint8Array.from(value);
  const view = new DataView(shifted.buffer);
  const namedUser = 0x02;
  const namedGroup = 0x08;
  for (let at = 4; at + 8 <= shifted.length; at += 8) {
    const tag = view.getUint16(at, true);
    if (tag === namedUser || tag === namedGroup) view.setUint32(at + 4, take(view.getUint32(at + 4, true)), true);
  }
  return shifted;
}

/** `struct vfs_ns_cap_data` (`linux/capability.h`): revision 3 has a root id at byte 20; one of root itself is written as revision 2. */
function shiftCapability(value: Uint8Array, take: (id: number) => number): Uint8Array {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const revisionMask = 0xff00_0000;
  if (value.length !== 24 || (view.getUint32(0, true) & revisionMask) >>> 0 !== 0x0300_0000) return value;
  const rootId = take(view.getUint32(20, true));
  const shifted = Uint8Array.from(rootId === 0 ? value.subarray(0, 20) : value);
  const shiftedView = new DataView(shifted.buffer);
  if (rootId === 0) shiftedView.setUint32(0, ((view.getUint32(0, true) & 0x00ff_ffff) | 0x0200_0000) >>> 0, true);
  else shiftedView.setUint32(20, rootId, true);
  return shifted;
}
