import { createHash } from "node:crypto";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type {
  Manifest,
  ManifestHead,
  SecretsFound,
  StreamFact,
  StreamsCaptured,
  TreeReference,
} from "../../core/manifest/manifest.ts";
import { streamNamePattern } from "../../core/manifest/stream-name.ts";
import { FormatInvalidError, FormatUnknownError, ObjectDamagedError } from "../errors.ts";
import type { ImageId } from "../store/image-names.ts";
import { assertBoundedJson, parseBoundedJson } from "./bounded-json.ts";
import { limits } from "./limits.ts";

/** Writes the head of a manifest by itself, for who needs it before the tail is known. @throws {FormatInvalidError} If nobody could read it. */
export function encodeManifestHead(head: ManifestHead): Buffer {
  return compressJson(head);
}

/** Reads what {@link encodeManifestHead} wrote; what is checked is what is of a manifest's. @throws {FormatInvalidError} */
export function decodeManifestHead(bytes: Uint8Array): ManifestHead {
  const subject = "the head of a manifest";
  const head = parseJson(bytes, subject) as ManifestHead;
  if (!hasHead({ head })) throw new FormatInvalidError(subject, "it is not complete");
  return head;
}

/** Writes a manifest object (section 2.7) and its id. @throws {FormatInvalidError} If nobody could read it. */
export function encodeManifest(manifest: Manifest): { readonly id: ImageId; readonly bytes: Buffer } {
  const bytes = compressJson(manifest);
  return { id: createHash("sha256").update(bytes).digest("hex") as ImageId, bytes };
}

function compressJson(value: Manifest | ManifestHead): Buffer {
  const json = Buffer.from(JSON.stringify(value));
  try {
    assertBoundedJson(json);
    if (json.length > limits.manifestBytes) throw new RangeError(`it has ${json.length} bytes`);
  } catch (error) {
    throw new FormatInvalidError("the manifest", "the system tells too much of itself", { cause: error });
  }
  return zstdCompressSync(json, { params: { [constants.ZSTD_c_compressionLevel]: 6 } });
}

/** @throws {FormatInvalidError} */
function parseJson(bytes: Uint8Array, subject: string): unknown {
  try {
    return parseBoundedJson(zstdDecompressSync(bytes, { maxOutputLength: limits.manifestBytes }));
  } catch (error) {
    throw new FormatInvalidError(subject, "it is no compressed JSON, or too much of it", { cause: error });
  }
}

/**
 * Reads a manifest object and holds it against its id. What the rest of the program relies on (the tree reference) is
 * checked here; the facts are for people and later validation, and are checked where they are used.
 *
 * @throws {ObjectDamagedError} @throws {FormatInvalidError} @throws {FormatUnknownError}
 */
export function decodeManifest(bytes: Buffer, id: ImageId): Manifest {
  const subject = `images/${id}`;
  if (createHash("sha256").update(bytes).digest("hex") !== id)
    throw new ObjectDamagedError(subject, "its bytes do not match its name");
  const manifest = parseJson(bytes, subject) as Partial<Manifest> | null;
  if (typeof manifest !== "object" || manifest === null) throw new FormatInvalidError(subject, "it is no object");
  if (manifest.formatVersion !== 1 && manifest.formatVersion !== 2)
    throw new FormatUnknownError(subject, String(manifest.formatVersion));
  if (!hasHead(manifest) || !hasTree(manifest) || !hasUsableSecrets(manifest) || !hasUsableStreams(manifest))
    throw new FormatInvalidError(subject, "its head or tail is not complete");
  return manifest as Manifest;
}

function hasHead(manifest: Partial<Manifest>): boolean {
  const head = manifest.head as Partial<Manifest["head"]> | null | undefined;
  return (
    typeof head?.name === "string" &&
    typeof head.kind === "string" &&
    typeof head.capturedAt === "string" &&
    typeof head.facts === "object" &&
    Array.isArray(head.facts?.packages) &&
    Array.isArray(head.excludes) &&
    Array.isArray(head.mounts)
  );
}

function hasUsableSecrets({ tail }: Partial<Manifest>): boolean {
  const secrets = tail?.secrets as Partial<SecretsFound> | undefined;
  if (secrets === undefined) return true;
  return (
    typeof secrets === "object" &&
    secrets !== null &&
    typeof secrets.contents === "string" &&
    Number.isSafeInteger(secrets.count) &&
    Array.isArray(secrets.files) &&
    secrets.files.every((file) => typeof file?.path === "string" && typeof file.kind === "string")
  );
}

function hasTree(manifest: Partial<Manifest>): boolean {
  const tail = manifest.tail as Partial<Manifest["tail"]> | undefined;
  return isTree(tail?.tree) && typeof tail?.counts === "object" && Array.isArray(tail.warnings);
}

function isTree(tree: Partial<TreeReference> | null | undefined): boolean {
  const table = tree?.table as unknown;
  if (!Array.isArray(table) || typeof tree?.digest !== "string") return false;
  const total = table.reduce((sum: number, row: { lengthBytes?: unknown }) => sum + Number(row?.lengthBytes), 0);
  return (
    total <= limits.tableBytes &&
    table.every(
      (row: { id?: unknown; lengthBytes?: unknown } | null) =>
        typeof row?.id === "string" &&
        /^[0-9a-f]{64}$/.test(row.id) &&
        Number.isInteger(row.lengthBytes) &&
        (row.lengthBytes as number) > 0 &&
        (row.lengthBytes as number) <= limits.chunkBytes,
    )
  );
}

/** Streams are known from version 2 on, and that version is of images that have them. */
function hasUsableStreams({ formatVersion, tail }: Partial<Manifest>): boolean {
  const streams = tail?.streams as Partial<StreamsCaptured> | null | undefined;
  if (streams === undefined) return formatVersion === 1;
  if (formatVersion !== 2 || streams === null || !isTree(streams.index) || !Array.isArray(streams.list)) return false;
  const list = streams.list as readonly (Partial<StreamFact> | null)[];
  return list.every(
    (stream, at) =>
      typeof stream?.name === "string" &&
      streamNamePattern.test(stream.name) &&
      (at === 0 || (list[at - 1]?.name ?? "") < stream.name) &&
      typeof stream.source === "string" &&
      Number.isSafeInteger(stream.sizeBytes) &&
      (stream.sizeBytes as number) > 0 &&
      Number.isSafeInteger(stream.dataBytes) &&
      typeof stream.digest === "string" &&
      Array.isArray(stream.holds) &&
      stream.holds.every((word: unknown) => typeof word === "string"),
  );
}
