import { Readable, type Duplex } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { PieceReader } from "./piece-reader.ts";

/** A small file of an initramfs. */
export interface InitramfsFile {
  readonly name: string;
  /** One character for each byte. */
  readonly content: string;
}

const headerBytes = 110;
const maxNameBytes = 4096;
const maxFileBytes = 1 << 20;
const maxUnpackedBytes = 1 << 30;
const unpackedPieceBytes = 1 << 20;

/**
 * Reads the files that `isWanted` out of an initramfs: cpio archives (newc) in a row, of which the last may be compressed with gzip or
 * zstd, which is undone in another thread, piece by piece. Undefined compression, and what is no cpio, ends the reading: a damaged
 * initramfs shows when it is started.
 */
export async function* readInitramfsFiles(
  archive: Uint8Array,
  isWanted: (name: string) => boolean,
): AsyncGenerator<InitramfsFile> {
  const reader = new PieceReader([Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength)]);
  yield* readArchives(reader, isWanted);
  const unpacker = unpackerOf(await reader.peek(4));
  if (unpacker === undefined) return;
  const packed = Readable.from(reader.rest());
  try {
    yield* readArchives(new PieceReader(packed.pipe(unpacker), maxUnpackedBytes), isWanted);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error; // damaged, or too short
  } finally {
    packed.destroy();
    unpacker.destroy();
  }
}

/** Reads archives until something comes that is none, which is left to be read. */
async function* readArchives(reader: PieceReader, isWanted: (name: string) => boolean): AsyncGenerator<InitramfsFile> {
  for (;;) {
    const head = await reader.peek(headerBytes + maxNameBytes);
    // Archives are padded with zeros.
    const padding = head.findIndex((byte) => byte !== 0);
    if (head.length === 0) return;
    if (padding !== 0) {
      await reader.skip(padding < 0 ? head.length : padding);
      continue;
    }
    const entry = entryIn(head);
    if (entry === undefined) return;
    const { name, sizeBytes } = entry;
    await reader.skip(entry.contentAt);
    if (sizeBytes <= maxFileBytes && isWanted(name)) {
      const content = (await reader.peek(sizeBytes)).toString("latin1");
      yield { name, content };
    }
    await reader.skip(align(sizeBytes));
  }
}

function entryIn(head: Buffer): { name: string; contentAt: number; sizeBytes: number } | undefined {
  if (!/^07070[12][0-9a-fA-F]{104}$/.test(head.toString("latin1", 0, headerBytes))) return undefined;
  const field = (index: number): number => Number.parseInt(head.toString("latin1", 6 + index * 8, 14 + index * 8), 16);
  const [sizeBytes, nameBytes] = [field(6), field(11)];
  const name = head.toString("latin1", headerBytes, headerBytes + Math.max(0, nameBytes - 1)).replace(/^\.?\/+/, "");
  return { name, contentAt: align(headerBytes + nameBytes), sizeBytes };
}

/** Names and contents begin at multiples of four; archives themselves do, too. */
function align(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}

function unpackerOf(start: Buffer): Duplex | undefined {
  if (start.length < 4) return undefined;
  // Each piece is a trip between threads.
  if (start.readUInt16BE(0) === 0x1f8b) return createGunzip({ chunkSize: unpackedPieceBytes });
  return start.readUInt32LE(0) === 0xfd2f_b528 ? createZstdDecompress({ chunkSize: unpackedPieceBytes }) : undefined;
}
