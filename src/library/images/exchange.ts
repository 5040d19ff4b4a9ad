import { createHash } from "node:crypto";
import { parseImageOperand } from "../../core/operand.ts";
import { streamsOf } from "../../core/manifest/trees.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import type { Entry } from "../../core/tree/entry.ts";
import { SequentialChunks } from "../../image/store/sequential-chunks.ts";
import type { ImageStore, OpenImage } from "../../image/store/image-store.ts";
import { readTree } from "../../image/tree-index/tree-index-reader.ts";
import { makeCycloneDx } from "../../system/exchange/cyclonedx.ts";
import { formatMtreeLine, mtreeSignature } from "../../system/exchange/mtree.ts";
import { writeTar, type TarLoss } from "../../system/exchange/tar/write-tar.ts";
import { fileContent } from "./file-content.ts";
import { parseTreePath, showImage, storeOf } from "./images.ts";
import { openStore, type StoreOptions } from "../store/store.ts";

/** How to write an archive. */
export interface TarOptions extends StoreOptions {
  /** Told what the archive cannot say. */
  readonly onLoss?: (loss: TarLoss) => void;
  readonly signal?: AbortSignal;
}

/** An image as a tar archive (pax), piece by piece. @throws {ImageNotFoundError} @throws {ObjectDamagedError} @throws {ObjectMissingError} */
export async function* exportTar(image: string, options: TarOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
  const operand = parseImageOperand(image);
  using store = await openStore(storeOf(operand, options));
  await using opened = await store.openImage(operand, "write a tar");
  const chunks = new SequentialChunks(store.chunks);
  const entries = readTree(store.chunks, opened.manifest.tail.tree);
  for await (const bytes of writeTar(
    entries,
    ({ id, lengthBytes }) => chunks.read(id, lengthBytes),
    options.onLoss ?? (() => undefined),
  )) {
    options.signal?.throwIfAborted();
    yield bytes;
  }
  for (const { name } of streamsOf(opened.manifest))
    options.onLoss?.({ path: "" as TreePath, what: `the raw stream "${name}"` });
}

/** The entries of an image as lines of mtree(5), with the SHA-256 of every file: all of its content is read. */
export async function* listMtree(
  image: string,
  path = "",
  options: StoreOptions = {},
): AsyncGenerator<string, void, undefined> {
  const operand = parseImageOperand(image);
  using store = await openStore(storeOf(operand, options));
  await using opened = await store.openImage(operand, "list as mtree");
  const chunks = new SequentialChunks(store.chunks);
  yield mtreeSignature;
  for await (const entry of readTree(store.chunks, opened.manifest.tail.tree, parseTreePath(path))) {
    const target = entry.kind === "link" ? await targetOf(store, opened, entry.target) : entry;
    const digest = target?.kind === "file" ? await digestOf(target, chunks) : undefined;
    const line = formatMtreeLine(entry, digest, target);
    if (line !== undefined) yield line;
  }
}

/** The bill of materials of an image, CycloneDX 1.6. @throws {ImageNotFoundError} */
export async function billOfMaterials(image: string, options: StoreOptions = {}): Promise<object> {
  const { name, manifest } = await showImage(image, options);
  return makeCycloneDx(name, manifest);
}

async function targetOf(store: ImageStore, opened: OpenImage, path: Entry["path"]): Promise<Entry | undefined> {
  for await (const entry of readTree(store.chunks, opened.manifest.tail.tree, path))
    if (entry.path === path) return entry;
  return undefined;
}

async function digestOf(entry: Extract<Entry, { readonly kind: "file" }>, chunks: SequentialChunks): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of fileContent(entry, (id, lengthBytes) => chunks.read(id, lengthBytes))) hash.update(bytes);
  return hash.digest("hex");
}
