import { parseImageOperand } from "../../core/operand.ts";
import { UsageError } from "../../core/errors.ts";
import { leftOutPaths } from "../../core/manifest/left-out.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { displayBytes, parseDisplayed, type ByteString, type TreePath } from "../../core/tree/byte-string.ts";
import type { Entry } from "../../core/tree/entry.ts";
import { isAtOrBelow, parentPath } from "../../core/tree/walk-order.ts";
import { PathNotFoundError } from "../../image/errors.ts";
import {
  assertNameFree,
  findImageName,
  listImageNames,
  removeName,
  type ImageName,
} from "../../image/store/image-names.ts";
import type { ImageStore } from "../../image/store/image-store.ts";
import { readChildren, readTree } from "../../image/tree-index/tree-index-reader.ts";
import { fileContent } from "./file-content.ts";
import { openStore, type StoreOptions } from "../store/store.ts";
import { shownSignatures, type ShownSignature } from "./shown-signatures.ts";

/** Lists all names of images, by name, numbers ascending. @throws {StoreNotFoundError} */
export async function listImages(options: StoreOptions = {}): Promise<ImageName[]> {
  using store = await openStore(options);
  return await listImageNames(store.blobs);
}

/** Reads what an image says of itself, and who signed it; it need not be one to trust. @throws {ImageNotFoundError} @throws {ObjectDamagedError} */
export async function showImage(
  image: string,
  options: StoreOptions = {},
): Promise<{
  readonly name: ImageName;
  readonly manifest: Manifest;
  readonly signatures: readonly ShownSignature[];
}> {
  const operand = parseImageOperand(image);
  using store = await openStore(storeOf(operand, options));
  const name = await findImageName(store.blobs, operand);
  const manifest = await store.readManifest(name.image);
  return { name, manifest, signatures: await shownSignatures(store, name.image, options) };
}

/** How to list entries. */
export interface ListOptions extends StoreOptions {
  /** False lists what lies at `path` and, of a directory, just what is in it; little of the index is read for that. */
  readonly recursive?: boolean;
}

/**
 * Lists the entries of an image in walk order, at and below `path` (the whole tree by default).
 *
 * @param path As people write it: `/etc`, `etc`, escapes as `displayBytes` writes them.
 * @throws {PathNotFoundError} If the image has nothing there.
 */
export async function* listEntries(
  image: string,
  path = "",
  options: ListOptions = {},
): AsyncGenerator<Entry, void, undefined> {
  const operand = parseImageOperand(image);
  const below = parseTreePath(path);
  using store = await openStore(storeOf(operand, options));
  await using opened = await store.openImage(operand, "list entries");
  let found = false;
  const read = options.recursive === false ? readChildren : readTree;
  for await (const entry of read(store.chunks, opened.manifest.tail.tree, below)) {
    if (!isAtOrBelow(entry.path, below)) continue;
    found = true;
    yield entry;
  }
  if (!found) throw new PathNotFoundError(displayBytes(below), image);
}

/** Reads a regular file of an image, a chunk at a time; holes come as zeros. @throws {PathNotFoundError} @throws {UsageError} If it is none, or its content was left out. */
export async function* readFileOf(
  image: string,
  path: string,
  options: StoreOptions = {},
): AsyncGenerator<Buffer, void, undefined> {
  const operand = parseImageOperand(image);
  using store = await openStore(storeOf(operand, options));
  await using opened = await store.openImage(operand, "read a file");
  const entry = await findEntry(store, opened.manifest, parseTreePath(path), image);
  if (entry.kind !== "file")
    throw new UsageError(
      `cannot read "${path}": it is a ${entry.kind}, and a regular file is needed`,
      "See `rehome ls -l`.",
    );
  if (entry.sizeBytes === 0 && leftOutPaths(opened.manifest).has(entry.path))
    throw new UsageError(
      `cannot read "${path}": its content was left out when the image was captured`,
      "`rehome show --secrets` lists such files; capture without --redact to keep them.",
    );
  yield* fileContent(entry, (id, lengthBytes) => store.chunks.readChunk(id, lengthBytes));
}

/**
 * Gives an image a further name. With `dryRun` nothing is changed: it returns or throws what it would without.
 *
 * @throws {ObjectExistsError} @throws {UsageError}
 */
export async function tagImage(
  image: string,
  tag: string,
  options: StoreOptions & { readonly dryRun?: boolean } = {},
): Promise<ImageName> {
  if (!/^[a-z][a-z0-9._-]{0,127}$/.test(tag))
    throw new UsageError(
      `cannot use the tag "${tag}": it must begin with a letter and hold a-z, 0-9, \`.\`, \`_\`, \`-\``,
      "Choose a word; numbers are given by capture.",
    );
  const operand = parseImageOperand(image);
  using store = await openStore(storeOf(operand, options));
  if (options.dryRun !== true) return await store.tagImage(operand, tag);
  const tagged = { ...(await findImageName(store.blobs, operand)), tag };
  await store.readManifest(tagged.image);
  await assertNameFree(store.blobs, tagged);
  return tagged;
}

/** Removes one name of an image; what no name leads to any more goes with the next prune. Needs a tag or an id. @throws {UsageError} */
export async function removeImage(
  image: string,
  options: StoreOptions & { readonly dryRun?: boolean } = {},
): Promise<ImageName[]> {
  const operand = parseImageOperand(image);
  if (operand.by.kind === "name" && operand.by.tag === undefined)
    throw new UsageError(`cannot remove "${image}": it names no single image`, `Give a tag, such as ${image}:1.`);
  using store = await openStore(storeOf(operand, options));
  const found = await findImageName(store.blobs, operand);
  const names =
    operand.by.kind === "id"
      ? (await listImageNames(store.blobs)).filter(({ image: id }) => id === found.image)
      : [found];
  if (options.dryRun !== true) for (const name of names) await removeName(store.blobs, name);
  return names;
}

/** A path inside a tree as people write it. */
export function parseTreePath(path: string): TreePath {
  const names = parseDisplayed(path)
    .split("/")
    .filter((name) => name !== "" && name !== ".");
  if (names.includes(".."))
    throw new UsageError(`cannot use the path "${path}": it holds ".."`, "Give a path from the image's root.");
  return names.join("/") as TreePath;
}

/** The options to open the store that an operand names, if it names one. */
export function storeOf(operand: { readonly store?: string }, options: StoreOptions): StoreOptions {
  return operand.store === undefined ? options : { ...options, store: operand.store };
}

const maxHops = 40;

/** Finds the entry that a path leads to: further names of a file and symbolic links are followed, inside the image alone. */
async function findEntry(store: ImageStore, manifest: Manifest, path: TreePath, image: string): Promise<Entry> {
  let wanted = path;
  for (let hops = 0; hops <= maxHops; hops++) {
    let next: TreePath | undefined;
    for await (const entry of readTree(store.chunks, manifest.tail.tree, wanted)) {
      if (entry.kind === "symlink" && isAtOrBelow(wanted, entry.path))
        next = followLink(entry.path, entry.target, wanted);
      else if (entry.path === wanted && entry.kind === "link") next = entry.target;
      else if (entry.path === wanted) return entry;
      if (next !== undefined) break;
    }
    if (next === undefined) break;
    wanted = next;
  }
  throw new PathNotFoundError(displayBytes(path), image);
}

/** Where `path` leads when the link at `link` on its way leads to `target`; `..` never leads above the root. */
function followLink(link: TreePath, target: ByteString, path: TreePath): TreePath {
  const names = target.startsWith("/") ? [] : parentPath(link).split("/");
  for (const name of [...target.split("/"), ...path.slice(link.length).split("/")]) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names.filter((name) => name !== "").join("/") as TreePath;
}
