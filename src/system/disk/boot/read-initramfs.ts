import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";

/** A small file of an initramfs. */
export interface InitramfsFile {
  readonly name: string;
  /** One character for each byte. */
  readonly content: string;
}

const headerBytes = 110;
const maxFileBytes = 1 << 20;
const maxUnpackedBytes = 1 << 30;
const pieceBytes = 4 << 20;

/**
 * Reads the files that `isWanted` out of an initramfs: cpio archives (newc) in a row, of which the last may be compressed with gzip or
 * zstd, which is undone in another thread. Undefined compression, and what is no cpio, ends the reading: a damaged initramfs shows when it
 * is started.
 */
export function readInitramfsFiles(
  archive: Uint8Array,
  isWanted: (name: string) => boolean,
): AsyncGenerator<InitramfsFile> {
  return readArchives(archive, isWanted, true);
}

async function* readArchives(
  archive: Uint8Array,
  isWanted: (name: string) => boolean,
  mayBePacked: boolean,
): AsyncGenerator<InitramfsFile> {
  const buffer = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  let at = 0;
  while (at < buffer.length) {
    if (buffer[at] === 0) {
      at++; // archives are padded with zeros
      continue;
    }
    const entry = entryAt(buffer, at);
    if (entry === undefined) {
      const unpacked = mayBePacked ? await decompress(buffer.subarray(at)) : undefined;
      if (unpacked !== undefined) yield* readArchives(unpacked, isWanted, false);
      return;
    }
    const { name, start, sizeBytes } = entry;
    if (sizeBytes <= maxFileBytes && isWanted(name))
      yield { name, content: buffer.toString("latin1", start, start + sizeBytes) };
    at = align(start + sizeBytes);
  }
}

function entryAt(buffer: Buffer, at: number): { name: string; start: number; sizeBytes: number } | undefined {
  if (!/^07070[12][0-9a-fA-F]{104}$/.test(buffer.toString("latin1", at, at + headerBytes))) return undefined;
  const field = (index: number): number =>
    Number.parseInt(buffer.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
  const [sizeBytes, nameBytes] = [field(6), field(11)];
  const nameAt = at + headerBytes;
  const name = buffer.toString("latin1", nameAt, nameAt + Math.max(0, nameBytes - 1)).replace(/^\.?\/+/, "");
  return { name, start: align(nameAt + nameBytes), sizeBytes };
}

/** Names and contents begin at multiples of four; archives themselves do, too. */
function align(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}

async function decompress(packed: Buffer): Promise<Buffer | undefined> {
  // Each piece is a trip between threads.
  const options = { maxOutputLength: maxUnpackedBytes, chunkSize: pieceBytes };
  try {
    if (packed.readUInt16BE(0) === 0x1f8b) return await promisify(gunzip)(packed, options);
    if (packed.readUInt32LE(0) === 0xfd2f_b528) return await promisify(zstdDecompress)(packed, options);
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined; // damaged, too long or too short
    throw error;
  }
  return undefined;
}
