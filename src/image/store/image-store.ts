import { randomBytes } from "node:crypto";
import { throwIfInterrupted } from "../../core/errors.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import type { ImageOperand } from "../../core/operand.ts";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { newestFormat, planUpgrade } from "../care/upgrade.ts";
import { ChunkIndex } from "../chunk-index/chunk-index.ts";
import { encryptedBlobStore } from "../encryption/encrypted-blob-store.ts";
import {
  addStoreKey,
  describeEncryption,
  newMasterKey,
  type EncryptionDescription,
  type KeySecret,
  type LockedStore,
} from "../encryption/store-keys.ts";
import {
  FormatInvalidError,
  ImageNotFoundError,
  KeyNeededError,
  ObjectMissingError,
  StoreNotFoundError,
  StoreUnsuitableError,
} from "../errors.ts";
import { decodeManifest } from "../format/manifest-object.ts";
import { openSealedObject, sealObject } from "../format/sealed-object.ts";
import { assertTrusted, type TrustedSigners } from "../signatures/trusted-signers.ts";
import { ChunkSource } from "./chunk-source.ts";
import { condemnedPacks, readCondemnations, type Condemnation } from "./condemnation.ts";
import { findImageName, putName, putNameInSession, type ImageId, type ImageName } from "./image-names.ts";
import { packOfKey, readPackFooter } from "./pack-reader.ts";
import { Session, type ProcessProbe } from "./session.ts";

/** `store.json`. */
export interface StoreDescription {
  readonly id: string;
  readonly formatVersion: number;
  readonly cut: number;
  readonly createdAt: string;
  /** Null where anybody may read it. */
  readonly encryption: EncryptionDescription | null;
}

/** What a store needs of its surroundings. */
export interface StoreSurroundings {
  readonly blobs: BlobStore;
  readonly probe: ProcessProbe;
  /** Where this host keeps its caches of stores; a directory, made when needed. */
  readonly cacheDirectory: string;
  /** Finds the master key of an encrypted store; without it none can be opened. @throws {KeyNeededError} @throws {KeyWrongError} */
  readonly unlock?: (store: LockedStore) => Promise<Uint8Array>;
  /** Whose signature an image must have to be used; without it none needs any. */
  readonly trustedSigners?: () => TrustedSigners;
}

/** An image that a session keeps from being pruned. */
export interface OpenImage extends AsyncDisposable {
  readonly name: ImageName;
  readonly manifest: Manifest;
  /** @throws {SessionLapsedError} If others may have taken the session for dead. */
  assertLive(): Promise<void>;
}

/**
 * A repository of images.
 *
 * Invariants: the chunk index knows just the packs that were in the store when `refresh` last ran, and those put through it
 * since; anything that relies on chunks in the store holds a session from before.
 */
export class ImageStore implements Disposable {
  readonly description: StoreDescription;
  readonly blobs: BlobStore;
  readonly probe: ProcessProbe;
  readonly index: ChunkIndex;
  readonly chunks: ChunkSource;
  /** A directory of this host for caches about this store. */
  readonly cacheDirectory: string;
  readonly #trustedSigners: (() => TrustedSigners) | undefined;

  /** Opens a store. @throws {StoreNotFoundError} @throws {ObjectDamagedError} @throws {FormatUnknownError} If no step leads from its version to the newest. */
  static async open(surroundings: StoreSurroundings): Promise<ImageStore> {
    const description = await readDescription(surroundings.blobs);
    if (description === undefined) throw new StoreNotFoundError(surroundings.blobs.location);
    return await ImageStore.#unlocked(surroundings, description);
  }

  /**
   * Opens a store, made if there is none; with a secret it is made as an encrypted one.
   *
   * @throws {StoreUnsuitableError} If something else lies there. @throws {KeyNeededError} @throws {KeyWrongError}
   */
  static async openOrCreate(
    surroundings: StoreSurroundings,
    encryption?: { readonly secret: KeySecret; readonly label: string },
  ): Promise<ImageStore> {
    const { blobs } = surroundings;
    const found = await readDescription(blobs);
    if (found !== undefined) return await ImageStore.#unlocked(surroundings, found);
    for await (const { key } of blobs.list("")) {
      // Keys that were put before the store was made open nothing.
      if (key.startsWith("sessions/") || key.startsWith("keys/")) continue;
      // Another process may just have made the store.
      const made = await readDescription(blobs);
      if (made !== undefined) return await ImageStore.#unlocked(surroundings, made);
      throw new StoreUnsuitableError(blobs.location, `it holds "${key}" and no store.json`);
    }
    const id = randomBytes(16).toString("hex");
    const master = encryption && newMasterKey();
    const description: StoreDescription = {
      id,
      formatVersion: newestFormat,
      cut: 1,
      createdAt: new Date().toISOString(),
      encryption: master === undefined ? null : describeEncryption(master, id),
    };
    if (encryption && master) await addStoreKey(blobs, master, encryption.secret, encryption.label);
    if (!(await blobs.put("store.json", [sealObject("store", description)]))) return ImageStore.open(surroundings);
    return new ImageStore(
      master ? { ...surroundings, blobs: encryptedBlobStore(blobs, master) } : surroundings,
      description,
    );
  }

  static async #unlocked(surroundings: StoreSurroundings, description: StoreDescription): Promise<ImageStore> {
    const { blobs, unlock } = surroundings;
    const { id, encryption } = description;
    if (encryption === null) return new ImageStore(surroundings, description);
    if (unlock === undefined) throw new KeyNeededError(blobs.location);
    const master = await unlock({ blobs, id, encryption });
    return new ImageStore({ ...surroundings, blobs: encryptedBlobStore(blobs, master) }, description);
  }

  private constructor(surroundings: StoreSurroundings, description: StoreDescription) {
    this.description = description;
    this.blobs = surroundings.blobs;
    this.probe = surroundings.probe;
    this.cacheDirectory = `${surroundings.cacheDirectory}/${description.id}`;
    this.#trustedSigners = surroundings.trustedSigners;
    this.index = ChunkIndex.open(`${this.cacheDirectory}/chunks.sqlite`);
    this.chunks = new ChunkSource(this.blobs, this.index, () => this.refresh());
  }

  /**
   * Brings the chunk index to what lies in the store now. Packs that cannot be read are left out and returned: what they
   * hold counts as missing. Who only reads an image loses nothing by a condemnation that is damaged: `forReading` leaves it out.
   */
  async refresh(
    signal?: AbortSignal,
    forReading = false,
  ): Promise<{ readonly condemnations: Condemnation[]; readonly unreadablePacks: string[] }> {
    const condemnations = await readCondemnations(this.blobs, forReading);
    const known = this.index.packs();
    const gone = new Set<string>(known.keys());
    const unreadablePacks: string[] = [];
    const settled = new Set<string>();
    for await (const { key, sizeBytes } of this.blobs.list("packs/")) {
      throwIfInterrupted(signal, "reading the list of packs");
      const pack = packOfKey(key);
      if (pack === undefined) continue;
      const size = known.get(pack)?.sizeBytes;
      if (size === sizeBytes) gone.delete(pack);
      else if (size !== undefined) unreadablePacks.push(pack);
      else {
        const folder = key.slice(0, key.lastIndexOf("/") + 1);
        if (!settled.has(folder)) await this.blobs.settle(folder);
        settled.add(folder);
        try {
          this.index.addPack(pack, sizeBytes, await readPackFooter(this.blobs, pack, sizeBytes));
        } catch (error) {
          if (error instanceof FormatInvalidError) unreadablePacks.push(pack);
          // A prune was faster.
          else if (!(error instanceof ObjectMissingError)) throw error;
        }
      }
    }
    if (gone.size > 0) this.index.removePacks(gone);
    this.index.setCondemned(condemnedPacks(condemnations));
    return { condemnations, unreadablePacks };
  }

  /** Reads the manifest of an image. @throws {ImageNotFoundError} @throws {ObjectDamagedError} @throws {FormatInvalidError} */
  async readManifest(id: ImageId): Promise<Manifest> {
    const bytes = await this.blobs.get(`images/${id}`);
    if (bytes === undefined) throw new ImageNotFoundError(`@${id}`);
    return decodeManifest(bytes, id);
  }

  /**
   * Finds an image to use and keeps it from being pruned until it is disposed of.
   *
   * @throws {ImageNotFoundError} @throws {ImageUntrustedError} If it is not signed as it must be.
   */
  async openImage(operand: ImageOperand, purpose: string): Promise<OpenImage> {
    const name = await findImageName(this.blobs, operand);
    const session = await this.beginReading(purpose, [name.image]);
    try {
      await this.refresh(undefined, true);
      // Looked at again now that the session keeps it: an image that has lost its name since may lack something already. One that
      // has it and is condemned got it while the prune waited, and the sweep will keep it.
      if ((await findImageName(this.blobs, byLabel(name))).image !== name.image)
        throw new ImageNotFoundError(`@${name.image}`);
      const trusted = this.#trustedSigners?.();
      if (trusted) await assertTrusted(this.blobs, name, operand.by.kind, trusted);
      const manifest = await this.readManifest(name.image);
      return {
        name,
        manifest,
        assertLive: async () => session?.assertLive(),
        [Symbol.asyncDispose]: async () => session?.[Symbol.asyncDispose](),
      };
    } catch (error) {
      await session?.[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Gives an image a further name; durable on return. A session keeps the image meanwhile, so that no name leads to nothing.
   *
   * @throws {ImageNotFoundError} @throws {ObjectExistsError}
   */
  async tagImage(operand: ImageOperand, tag: string): Promise<ImageName> {
    await using opened = await this.openImage(operand, `tag ${tag}`);
    return await putNameInSession(this.blobs, opened, () => putName(this.blobs, { ...opened.name, tag }));
  }

  /** A session for reading; none where this process may not write into the store, such as on a medium mounted read-only. */
  async beginReading(purpose: string, images: readonly ImageId[]): Promise<Session | undefined> {
    try {
      return await Session.begin(this.blobs, this.probe, purpose, images);
    } catch (error) {
      if (["EROFS", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.index[Symbol.dispose]();
  }
}

function byLabel({ name, tag }: ImageName): ImageOperand {
  return { kind: "image", by: { kind: "name", name, tag } };
}

/** Reads what a store says of itself; undefined where there is none. @throws {ObjectDamagedError} @throws {FormatUnknownError} */
export async function readDescription(blobs: BlobStore): Promise<StoreDescription | undefined> {
  const bytes = await blobs.get("store.json");
  if (bytes === undefined) return undefined;
  const description = openSealedObject("store", bytes, "store.json") as StoreDescription;
  planUpgrade(description.formatVersion);
  if (!/^[0-9a-f]{32}$/.test(description.id)) throw new FormatInvalidError("store.json", "its id is none");
  return description;
}
