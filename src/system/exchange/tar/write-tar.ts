import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import { dataBytesOf, type Entry, type EntryMetadata, type Piece } from "../../../core/tree/entry.ts";
import { formatFlagWords } from "../flag-words.ts";
import { aclKeywords, formatAcl } from "./acl-text.ts";
import { encodeHeader, padding, tarBlockBytes, tarEnd, type TarHeader } from "./pax-header.ts";

/** Something of an entry that a tar cannot say. */
export interface TarLoss {
  readonly path: TreePath;
  readonly what: string;
}

/** The bytes of one chunk. */
export type ReadChunk = (piece: Extract<Piece, { readonly kind: "chunk" }>) => Promise<Uint8Array>;

/**
 * An image as a tar archive (POSIX pax), piece by piece: owners and times as they are, extended attributes as `SCHILY.xattr.*`,
 * access lists as `SCHILY.acl.*`, inode flags as `SCHILY.fflags`, holes as GNU sparse files 1.0, names of any bytes.
 * What it cannot say (sockets) is left out and told. Entries come in walk order.
 */
export async function* writeTar(
  entries: AsyncIterable<Entry>,
  readChunk: ReadChunk,
  onLoss: (loss: TarLoss) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const entry of entries) {
    if (entry.kind === "socket") onLoss({ path: entry.path, what: "a socket" });
    else if (entry.kind === "file") yield* writeFile(entry, readChunk, onLoss);
    else yield encodeHeader(headerOf(entry, onLoss));
  }
  yield tarEnd;
}

type FileEntry = Extract<Entry, { readonly kind: "file" }>;

async function* writeFile(
  entry: FileEntry,
  readChunk: ReadChunk,
  onLoss: (loss: TarLoss) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const header = headerOf(entry, onLoss);
  const isSparse = entry.pieces.some(({ kind }) => kind === "hole");
  let storedBytes = entry.sizeBytes;
  if (!isSparse) yield encodeHeader(header);
  else {
    const map = sparseMap(entry);
    storedBytes = map.length + dataBytesOf(entry);
    yield encodeHeader(sparseHeader(header, entry, storedBytes));
    yield map;
  }
  for (const piece of entry.pieces) if (piece.kind === "chunk") yield await readChunk(piece);
  if (storedBytes % tarBlockBytes !== 0) yield padding(storedBytes);
}

/** GNU tar's sparse format 1.0: the map lies before the data, so that any number of holes can be said. */
function sparseHeader(header: TarHeader, { path, sizeBytes }: FileEntry, storedBytes: number): TarHeader {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return {
    ...header,
    path: `${path.slice(0, path.length - name.length)}GNUSparseFile.0/${name}` as ByteString,
    sizeBytes: storedBytes,
    records: [
      ["GNU.sparse.major", "1" as ByteString],
      ["GNU.sparse.minor", "0" as ByteString],
      ["GNU.sparse.name", path],
      ["GNU.sparse.realsize", String(sizeBytes) as ByteString],
      ...header.records,
    ],
  };
}

function sparseMap({ pieces, sizeBytes }: FileEntry): Buffer {
  const extents: { at: number; lengthBytes: number }[] = [];
  let at = 0;
  for (const { kind, lengthBytes } of pieces) {
    const last = extents.at(-1);
    if (kind === "chunk" && last !== undefined && last.at + last.lengthBytes === at) last.lengthBytes += lengthBytes;
    else if (kind === "chunk") extents.push({ at, lengthBytes });
    at += lengthBytes;
  }
  // A hole at the end needs an extent of no length there.
  const last = extents.at(-1);
  if (last === undefined || last.at + last.lengthBytes < sizeBytes) extents.push({ at: sizeBytes, lengthBytes: 0 });
  const lines = [extents.length, ...extents.flatMap((extent) => [extent.at, extent.lengthBytes])];
  const text = Buffer.from(`${lines.join("\n")}\n`);
  return Buffer.concat([text, padding(text.length)]);
}

function headerOf(entry: Entry, onLoss: (loss: TarLoss) => void): TarHeader {
  const { path, mode, uid, gid, mtimeSec, mtimeNsec } = entry;
  const isDevice = entry.kind === "character-device" || entry.kind === "block-device";
  return {
    path: entry.kind === "directory" ? (`${path === "" ? "." : path}/` as ByteString) : path,
    type: typeOf(entry),
    mode,
    uid,
    gid,
    mtimeSec,
    mtimeNsec,
    sizeBytes: entry.kind === "file" ? entry.sizeBytes : 0,
    linkTarget: entry.kind === "symlink" || entry.kind === "link" ? entry.target : ("" as ByteString),
    major: isDevice ? entry.major : 0,
    minor: isDevice ? entry.minor : 0,
    records: entry.kind === "link" ? [] : attributeRecords(path, entry, onLoss),
  };
}

function typeOf(entry: Entry): TarHeader["type"] {
  switch (entry.kind) {
    case "file":
    case "socket":
      return "0";
    case "link":
      return "1";
    case "symlink":
      return "2";
    case "character-device":
      return "3";
    case "block-device":
      return "4";
    case "directory":
      return "5";
    case "fifo":
      return "6";
  }
}

function attributeRecords(
  path: TreePath,
  { flags, xattrs }: EntryMetadata,
  onLoss: (loss: TarLoss) => void,
): [string, ByteString][] {
  const records: [string, ByteString][] = [];
  for (const { name, value } of xattrs) {
    const keyword = aclKeywords[name];
    const text = keyword === undefined ? undefined : formatAcl(value);
    if (keyword !== undefined && text !== undefined) records.push([keyword, text]);
    // A keyword ends at the first `=`.
    else if (name.includes("=")) onLoss({ path, what: `the extended attribute "${name}"` });
    else records.push([`SCHILY.xattr.${name}`, Buffer.from(value).toString("latin1") as ByteString]);
  }
  const flagWords = formatFlagWords(flags);
  if (flagWords !== "") records.push(["SCHILY.fflags", flagWords as ByteString]);
  return records;
}
