import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import * as fc from "fast-check";
import * as libc from "../../src/host/libc.ts";
import { byteStrings, names } from "./arbitrary.ts";

/** A tree to be made on disk, with what capture and restore tools are known to lose. Names are one character a byte. */
export interface RandomNode {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  readonly flags: number;
  readonly xattrs: Readonly<Record<string, Uint8Array>>;
  readonly content: RandomContent;
}

type RandomContent =
  | { readonly kind: "directory"; readonly children: readonly RandomNode[] }
  | {
      readonly kind: "file";
      readonly sizeBytes: number;
      readonly extents: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
    }
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "node"; readonly format: number; readonly major: number; readonly minor: number }
  /** A further name of what was made before, chosen by number. */
  | { readonly kind: "further-name"; readonly draw: number };

const ids = fc.oneof(fc.constantFrom(0, 1000, 65_536, 4_000_000_000, 0xffff_fffe), fc.nat(0xffff_fffe));

/** An ACL as the kernel keeps it: owner, named users, group, named groups, mask, others. */
const acls = fc
  .tuple(
    fc.uniqueArray(fc.nat(0xffff_fffe), { maxLength: 3 }),
    fc.uniqueArray(fc.nat(0xffff_fffe), { maxLength: 3 }),
    fc.nat(7),
    fc.nat(7),
    fc.nat(7),
    fc.nat(7),
  )
  .map(([users, groups, user, group, mask, others]) => {
    const none = 0xffff_ffff;
    const sorted = (list: readonly number[]): number[] => list.toSorted((a, b) => a - b);
    const entries = [
      [0x01, user, none],
      ...sorted(users).map((id) => [0x02, 5, id]),
      [0x04, group, none],
      ...sorted(groups).map((id) => [0x08, 3, id]),
      [0x10, mask, none],
      [0x20, others, none],
    ];
    const bytes = Buffer.alloc(4 + entries.length * 8);
    bytes.writeUInt32LE(2, 0);
    for (const [at, [tag = 0, permissions = 0, id = 0]] of entries.entries()) {
      bytes.writeUInt16LE(tag, 4 + at * 8);
      bytes.writeUInt16LE(permissions, 6 + at * 8);
      bytes.writeUInt32LE(id, 8 + at * 8);
    }
    return Uint8Array.from(bytes);
  });

/** Revision 2 and 3 of a capability (`linux/capability.h`). */
const capabilities = fc
  .tuple(fc.nat(0xff), fc.boolean(), fc.integer({ min: 1, max: 0xffff_fffe }))
  .map(([permitted, named, rootId]) => {
    const bytes = Buffer.alloc(named ? 24 : 20);
    bytes.writeUInt32LE(named ? 0x0300_0001 : 0x0200_0001, 0);
    bytes.writeUInt32LE(permitted, 4);
    if (named) bytes.writeUInt32LE(rootId, 20);
    return Uint8Array.from(bytes);
  });

const userXattrs = fc.dictionary(
  byteStrings({ minLength: 1, maxLength: 12 }).map((name) => `user.${name.replaceAll("\0", "_")}`),
  fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ minLength: 500, maxLength: 700 })),
  { maxKeys: 3, noNullPrototype: true },
);
const trustedXattrs = fc.dictionary(
  fc.constantFrom("trusted.a", "trusted.overlay.opaque"),
  fc.uint8Array({ maxLength: 20 }),
  { maxKeys: 2, noNullPrototype: true },
);
const sometimes = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(values, { nil: undefined, freq: 3 });

const metadata = {
  name: names,
  mode: fc.nat(0o7777),
  uid: ids,
  gid: ids,
  // 1902 to 2400, and the ends of 32 bits.
  mtimeSec: fc.oneof(
    fc.integer({ min: -2_145_000_000, max: 13_560_000_000 }),
    fc.constantFrom(0, -1, 1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31)),
  ),
  mtimeNsec: fc.oneof(fc.nat(999_999_999), fc.constantFrom(0, 1, 999_999_999)),
};
const flags = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(0x10, 0x20, 0x40, 0x80, 0x08, 0x30) },
);

function xattrsOf(kind: "directory" | "file" | "other"): fc.Arbitrary<Record<string, Uint8Array>> {
  return fc
    .tuple(userXattrs, trustedXattrs, sometimes(acls), sometimes(acls), sometimes(capabilities))
    .map(([user, trusted, access, preset, capability]) => ({
      ...(kind !== "other" && user),
      ...trusted,
      ...(kind !== "other" && access && { "system.posix_acl_access": access }),
      ...(kind === "directory" && preset && { "system.posix_acl_default": preset }),
      ...(kind === "file" && capability && { "security.capability": capability }),
    }));
}

const extents = fc.array(fc.tuple(fc.nat(600), fc.uint8Array({ minLength: 1, maxLength: 5000 })), { maxLength: 4 });
const fileContents: fc.Arbitrary<RandomContent> = fc
  .tuple(extents, fc.nat(2_000_000), fc.boolean())
  .map(([list, tail, isDense]) => {
    // Dense files have one extent from the start; sparse ones several at multiples of 4 KiB, and often a hole at the end.
    if (isDense)
      return {
        kind: "file",
        sizeBytes: list[0]?.[1].length ?? 0,
        extents: list.slice(0, 1).map(([, bytes]) => ({ offset: 0, bytes })),
      };
    const placed = list.map(([page, bytes]) => ({ offset: page * 4096, bytes }));
    const end = Math.max(0, ...placed.map(({ offset, bytes }) => offset + bytes.length));
    return { kind: "file", sizeBytes: end + (tail % 3 === 0 ? tail : 0), extents: placed };
  });
const otherContents: fc.Arbitrary<RandomContent> = fc.oneof(
  byteStrings({ minLength: 1, maxLength: 200 }).map((target) => ({
    kind: "symlink" as const,
    target: target.replaceAll("\0", "_"),
  })),
  fc
    .tuple(fc.constantFrom(constants.S_IFIFO, constants.S_IFSOCK), fc.constant(0), fc.constant(0))
    .map(([format, major, minor]) => ({ kind: "node" as const, format, major, minor })),
  fc
    .tuple(fc.constantFrom(constants.S_IFCHR, constants.S_IFBLK), fc.nat(4095), fc.nat(1_048_575))
    .map(([format, major, minor]) => ({ kind: "node" as const, format, major, minor })),
);

const makeNode = (content: RandomContent, own: object, ownFlags: number, xattrs: object): RandomNode =>
  ({ ...own, flags: ownFlags, xattrs, content }) as RandomNode;
const files = fc
  .tuple(fileContents, fc.record(metadata), flags, xattrsOf("file"))
  .map(([content, own, ownFlags, xattrs]) => makeNode(content, own, ownFlags, xattrs));
const others = fc
  .tuple(otherContents, fc.record(metadata), xattrsOf("other"))
  .map(([content, own, xattrs]) => makeNode(content, own, 0, xattrs));
const furtherNames = fc
  .tuple(fc.nat(), fc.record(metadata))
  .map(([draw, own]) => makeNode({ kind: "further-name", draw }, own, 0, {}));

function directories(depth: number): fc.Arbitrary<RandomNode> {
  const leaves = [
    { weight: 4, arbitrary: files },
    { weight: 3, arbitrary: others },
    { weight: 2, arbitrary: furtherNames },
  ];
  const child = fc.oneof(...leaves, ...(depth === 0 ? [] : [{ weight: 3, arbitrary: directories(depth - 1) }]));
  return fc
    .tuple(fc.array(child, { maxLength: 12, size: "max" }), fc.record(metadata), flags, xattrsOf("directory"))
    .map(([children, own, ownFlags, xattrs]) => makeNode({ kind: "directory", children }, own, ownFlags, xattrs));
}

/** Whole trees: the directory that they are. */
export const randomTrees: fc.Arbitrary<RandomNode> = directories(3);

/** Makes a tree at `path`, which must be absent. Metadata are set when all is made, the innermost first, flags last of all. */
export function makeRandomTree(path: string, tree: RandomNode): void {
  const made: Buffer[] = [];
  const later: (() => void)[] = [];
  const make = (at: Buffer, node: RandomNode): void => {
    const { content } = node;
    if (content.kind === "further-name") {
      const first = made[content.draw % Math.max(1, made.length)];
      if (first) linkSync(first, at);
      return;
    }
    if (content.kind === "directory") {
      mkdirSync(at);
      const taken = new Set<string>();
      for (const child of content.children) {
        if (taken.has(child.name)) continue;
        taken.add(child.name);
        make(Buffer.concat([at, Buffer.from(`/${child.name}`, "latin1")]), child);
      }
    } else {
      if (content.kind === "symlink") symlinkSync(Buffer.from(content.target, "latin1"), at);
      else if (content.kind === "node")
        libc.mknodat(
          libc.AT_FDCWD,
          cString(at),
          content.format | 0o600,
          (BigInt(content.major) << 8n) | BigInt(content.minor & 0xff) | (BigInt(content.minor >>> 8) << 20n),
        );
      else writeFile(at, content);
      made.push(at);
    }
    later.push(() => setMetadata(at, node));
  };
  make(Buffer.from(path), tree);
  for (const set of later) set();
  // Flags of a directory forbid what is still to be done in it, so they come when nothing is.
  for (const set of flagSetters.splice(0)) set();
}

const flagSetters: (() => void)[] = [];

function writeFile(at: Buffer, content: RandomContent & { kind: "file" }): void {
  const file = openSync(at, "wx", 0o600);
  ftruncateSync(file, content.sizeBytes);
  for (const { offset, bytes } of content.extents) writeSync(file, bytes, 0, bytes.length, offset);
  closeSync(file);
}

function setMetadata(at: Buffer, node: RandomNode): void {
  const path = cString(at);
  lchownSync(at, node.uid, node.gid);
  for (const [name, value] of Object.entries(node.xattrs))
    libc.lsetxattr(path, libc.cString(name), value, value.length, 0);
  const { kind } = node.content;
  if (kind === "node") libc.fchmodat(libc.AT_FDCWD, path, node.mode, 0);
  if (kind === "file" || kind === "directory") {
    const file = openSync(at, constants.O_RDONLY | constants.O_NOFOLLOW);
    fchownSync(file, node.uid, node.gid);
    if (node.xattrs["security.capability"])
      libc.lsetxattr(
        path,
        libc.cString("security.capability"),
        node.xattrs["security.capability"],
        node.xattrs["security.capability"].length,
        0,
      );
    if (node.xattrs["system.posix_acl_access"] === undefined) fchmodSync(file, node.mode);
    flagSetters.push(() => {
      const word = Buffer.alloc(8);
      libc.ioctl(file, libc.FS_IOC_GETFLAGS, word);
      word.writeUInt32LE((word.readUInt32LE(0) | node.flags) >>> 0, 0);
      if (node.flags !== 0) libc.ioctl(file, libc.FS_IOC_SETFLAGS, word);
      closeSync(file);
    });
  }
  const times = Buffer.alloc(32);
  times.writeBigInt64LE(BigInt(node.mtimeSec), 16);
  times.writeBigInt64LE(BigInt(node.mtimeNsec), 24);
  times.writeBigInt64LE(BigInt(0x3fff_fffe), 8);
  libc.utimensat(libc.AT_FDCWD, path, times, libc.AT_SYMLINK_NOFOLLOW);
}

function cString(path: Buffer): Uint8Array {
  return libc.cString(path.toString("latin1"));
}
