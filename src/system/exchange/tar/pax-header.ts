import type { ByteString } from "../../../core/tree/byte-string.ts";

/** Everything in an archive is in blocks of so many bytes. */
export const tarBlockBytes = 512;

/** What a header says; numbers that do not fit the old fields go into an extended header. */
export interface TarHeader {
  readonly path: ByteString;
  /** `0` file, `1` hard link, `2` symlink, `3` character device, `4` block device, `5` directory, `6` FIFO. */
  readonly type: "0" | "1" | "2" | "3" | "4" | "5" | "6";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  readonly linkTarget: ByteString;
  readonly major: number;
  readonly minor: number;
  /** Further records of the extended header, in order. */
  readonly records: readonly (readonly [keyword: string, value: ByteString])[];
}

const maxOctal7 = 0o7_777_777;
const maxOctal11 = 0o77_777_777_777;

/** A header as POSIX.1-2001 (pax) has it: an extended header where it is needed, then the ustar header. */
export function encodeHeader(header: TarHeader): Buffer {
  const records = extendedRecords(header);
  const ustar = encodeUstar(header, header.type);
  if (records.length === 0) return ustar;
  const body = Buffer.concat(records.map(([keyword, value]) => encodeRecord(keyword, value)));
  const extended = {
    ...header,
    path: "@PaxHeader" as ByteString,
    linkTarget: "" as ByteString,
    sizeBytes: body.length,
    mode: 0o644,
  };
  return Buffer.concat([encodeUstar(extended, "x"), body, padding(body.length), ustar]);
}

/** The zeros that fill up the last block of `bytes`. */
export function padding(bytes: number): Buffer {
  return Buffer.alloc((tarBlockBytes - (bytes % tarBlockBytes)) % tarBlockBytes);
}

/** What ends an archive. */
export const tarEnd: Buffer = Buffer.alloc(2 * tarBlockBytes);

function extendedRecords(header: TarHeader): (readonly [string, ByteString])[] {
  const { path, linkTarget, uid, gid, sizeBytes, mtimeSec, mtimeNsec } = header;
  const records: [string, ByteString][] = [];
  const isBinary = [path, linkTarget].some((text) => !isUtf8(text));
  if (isBinary) records.push(["hdrcharset", "BINARY" as ByteString]);
  if (path.length > 100 || !isAscii(path)) records.push(["path", path]);
  if (linkTarget.length > 100 || !isAscii(linkTarget)) records.push(["linkpath", linkTarget]);
  if (uid > maxOctal7) records.push(["uid", String(uid) as ByteString]);
  if (gid > maxOctal7) records.push(["gid", String(gid) as ByteString]);
  if (sizeBytes > maxOctal11) records.push(["size", String(sizeBytes) as ByteString]);
  if (mtimeNsec !== 0 || mtimeSec < 0 || mtimeSec > maxOctal11)
    records.push(["mtime", formatTime(mtimeSec, mtimeNsec) as ByteString]);
  return [...records, ...header.records];
}

function encodeUstar(header: TarHeader, type: string): Buffer {
  const { path, mode, uid, gid, sizeBytes, mtimeSec, linkTarget, major, minor } = header;
  const block = Buffer.alloc(tarBlockBytes);
  block.write(path.slice(0, 100), 0, "latin1");
  octal(block, 100, 7, mode);
  octal(block, 108, 7, uid);
  octal(block, 116, 7, gid);
  octal(block, 124, 11, sizeBytes);
  octal(block, 136, 11, mtimeSec);
  block.fill(0x20, 148, 156);
  block.write(type, 156, "latin1");
  block.write(linkTarget.slice(0, 100), 157, "latin1");
  block.write("ustar\u000000", 257, "latin1");
  octal(block, 329, 7, major);
  octal(block, 337, 7, minor);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** A number as octal digits; one that does not fit is in the extended header, and its field is as near as it can be. */
function octal(block: Buffer, at: number, digits: number, value: number): void {
  const fitting = Math.min(Math.max(0, value), 8 ** digits - 1);
  block.write(fitting.toString(8).padStart(digits, "0"), at, "latin1");
}

/** `LENGTH KEYWORD=VALUE\n`, where LENGTH counts itself. */
function encodeRecord(keyword: string, value: ByteString): Buffer {
  const rest = ` ${keyword}=${value}\n`;
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.from(`${length}${rest}`, "latin1");
}

/** A decimal fraction of seconds since 1970: nanoseconds count forward, so before 1970 the fraction is turned round. */
function formatTime(sec: number, nsec: number): string {
  if (nsec === 0) return String(sec);
  if (sec >= 0) return `${sec}.${String(nsec).padStart(9, "0")}`;
  return `-${-(sec + 1)}.${String(1_000_000_000 - nsec).padStart(9, "0")}`;
}

function isAscii(text: ByteString): boolean {
  return /^[\0-\x7F]*$/.test(text);
}

function isUtf8(text: ByteString): boolean {
  return isAscii(text) || !Buffer.from(text, "latin1").toString("utf8").includes("\u{FFFD}");
}
