/** An object that a {@link BlobStore} lists. */
export interface ListedBlob {
  readonly key: string;
  readonly sizeBytes: number;
}

/** Part of an object. A negative `offset` counts from its end. */
export interface BlobRange {
  readonly offset: number;
  readonly lengthBytes: number;
}

/**
 * Where a store's objects lie. Keys are names of `[a-z0-9._-]` joined by `/`.
 *
 * The contract is what S3 with conditional puts, HTTP and a directory all can do; `blob-store.contract.ts` tests it.
 */
export interface BlobStore {
  /** Where it is, for people: a path or a URL. */
  readonly location: string;

  /**
   * Puts an object, whole or not at all. When it returns true the object is durable.
   *
   * @returns False when the key is taken: nothing has changed then, and what is there is durable too.
   */
  put(key: string, parts: readonly Uint8Array[]): Promise<boolean>;

  /** Reads an object or a part of it; fewer bytes than asked for where it ends before. Undefined if there is none. */
  get(key: string, range?: BlobRange): Promise<Buffer | undefined>;

  /** Lists the objects whose keys begin with `prefix` (which ends in `/` or is empty), in no order. */
  list(prefix: string): AsyncIterable<ListedBlob>;

  /**
   * Makes sure that the objects directly below `prefix` that could be seen before the call stay after a loss of power:
   * one that is being put, or whose writer died, may be seen before it is durable.
   */
  settle(prefix: string): Promise<void>;

  /** Deletes an object; no error if there is none. */
  delete(key: string): Promise<void>;

  /** Removes what writers that are gone for longer than `olderThanMs` left half-written; returns how many. */
  removeLeftovers(olderThanMs: number): Promise<number>;
}
