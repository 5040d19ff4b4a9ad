import type { ChunkId, Piece } from "../../core/tree/entry.ts";

const zeros = Buffer.alloc(1024 * 1024);

/** The bytes of a file or a part of one, in order, holes as zeros. `read` gives those of a chunk. */
export async function* fileContent(
  { pieces }: { readonly pieces: readonly Piece[] },
  read: (id: ChunkId, lengthBytes: number) => Promise<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  for (const piece of pieces) {
    if (piece.kind === "chunk") yield await read(piece.id, piece.lengthBytes);
    else
      for (let left = piece.lengthBytes; left > 0; left -= zeros.length)
        yield zeros.subarray(0, Math.min(left, zeros.length));
  }
}
