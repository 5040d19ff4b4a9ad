import { RehomeError } from "../core/errors.ts";

/** Bytes that should be an object of the format are not: damaged, cut off, or made by an enemy. */
export class FormatInvalidError extends RehomeError {
  override readonly name = "FormatInvalidError";
  readonly code = "FORMAT_INVALID";
  readonly subject: string;

  constructor(subject: string, what: string, options?: ErrorOptions) {
    super(
      `cannot read ${subject}: ${what}`,
      "Run `rehome store check` to see what is damaged and which images need it.",
      options,
    );
    this.subject = subject;
  }
}

/** An object has a format version that this program does not know. */
export class FormatUnknownError extends RehomeError {
  override readonly name = "FormatUnknownError";
  readonly code = "FORMAT_UNKNOWN";
  readonly subject: string;
  readonly version: string;

  constructor(subject: string, version: string, newest = 1) {
    super(
      `cannot read ${subject}: its format version is ${version}, and ${newest} is the newest known here`,
      "Use a newer rehome.",
    );
    this.subject = subject;
    this.version = version;
  }
}

/** Bytes under a name do not match that name. `object` is the key in the store, or a chunk and where it lies. */
export class ObjectDamagedError extends RehomeError {
  override readonly name = "ObjectDamagedError";
  readonly code = "OBJECT_DAMAGED";
  readonly object: string;

  constructor(object: string, what: string, options?: ErrorOptions) {
    super(
      `cannot use ${object}: ${what}`,
      "Run `rehome store check --repair`, then capture the system again; what is intact is kept.",
      options,
    );
    this.object = object;
  }
}

/** Something that an image names is not in the store. */
export class ObjectMissingError extends RehomeError {
  override readonly name = "ObjectMissingError";
  readonly code = "OBJECT_MISSING";
  readonly object: string;

  constructor(object: string) {
    super(`cannot find ${object} in the store`, "Run `rehome store check` to see which images need it.");
    this.object = object;
  }
}

/** There is no store where one is needed. */
export class StoreNotFoundError extends RehomeError {
  override readonly name = "StoreNotFoundError";
  readonly code = "STORE_NOT_FOUND";

  constructor(location: string) {
    super(
      `cannot open the store "${location}": there is none`,
      "Capture something, or make one with `rehome store init`.",
    );
  }
}

/** A place cannot be a store. */
export class StoreUnsuitableError extends RehomeError {
  override readonly name = "StoreUnsuitableError";
  readonly code = "STORE_UNSUITABLE";

  constructor(location: string, what: string) {
    super(`cannot use "${location}" as a store: ${what}`, "Name an empty directory or a store.");
  }
}

/** No image has that name, tag or id. */
export class ImageNotFoundError extends RehomeError {
  override readonly name = "ImageNotFoundError";
  readonly code = "IMAGE_NOT_FOUND";

  constructor(operand: string) {
    super(`cannot find the image "${operand}"`, "`rehome images` lists what the store holds.");
  }
}

/** An image is not signed as this host wants it: not at all, by others, or under another name. */
export class ImageUntrustedError extends RehomeError {
  override readonly name = "ImageUntrustedError";
  readonly code = "IMAGE_UNTRUSTED";

  constructor(operand: string, what: string, signers: string) {
    super(
      `cannot use ${operand}: ${what}, and a signature by a key in "${signers}" is needed`,
      "`rehome show` says who signed it. If it is right, sign it with `rehome sign`; if not, somebody may have changed the store.",
    );
  }
}

/** Several images begin with the id given. */
export class ImageAmbiguousError extends RehomeError {
  override readonly name = "ImageAmbiguousError";
  readonly code = "IMAGE_AMBIGUOUS";

  constructor(operand: string, ids: readonly string[]) {
    super(
      `cannot choose an image for "${operand}": ${ids.length} ids begin so`,
      `Give more digits: ${ids.slice(0, 3).join(", ")}.`,
    );
  }
}

/** A name that should be new is taken. */
export class ObjectExistsError extends RehomeError {
  override readonly name = "ObjectExistsError";
  readonly code = "OBJECT_EXISTS";

  constructor(object: string) {
    super(`cannot make ${object}: it exists`, "Choose another name, or remove that one first.");
  }
}

/** The chunk index of this host, a cache, is damaged. It was removed, and the next run makes it anew. */
export class IndexDamagedError extends RehomeError {
  override readonly name = "IndexDamagedError";
  readonly code = "INDEX_DAMAGED";

  constructor(path: string, options?: ErrorOptions) {
    super(
      `cannot go by the chunk index "${path}": it is damaged, and was removed`,
      "Run the same command again; the index is made anew from the store.",
      options,
    );
  }
}

/** The writer's session was taken for dead by a prune, or it slept past its grace: what it found in the store may be gone. */
export class SessionLapsedError extends RehomeError {
  override readonly name = "SessionLapsedError";
  readonly code = "SESSION_LAPSED";

  constructor() {
    super(
      "cannot publish: the session lapsed while it ran, and a prune may have removed what it relied on",
      "Run the same command again.",
    );
  }
}

/** An image has nothing at a path. */
export class PathNotFoundError extends RehomeError {
  override readonly name = "PathNotFoundError";
  readonly code = "PATH_NOT_FOUND";

  constructor(path: string, image?: string) {
    super(
      `cannot find "${path}" in the image${image === undefined ? "" : ` "${image}"`}`,
      "`rehome ls` shows what it holds.",
    );
  }
}

/** A store is encrypted and nobody said how to open it. */
export class KeyNeededError extends RehomeError {
  override readonly name = "KeyNeededError";
  readonly code = "KEY_NEEDED";

  constructor(location: string) {
    super(
      `cannot open the store "${location}": it is encrypted, and there is nobody to ask for a passphrase`,
      "Name a key file with --key-file or REHOME_KEY_FILE, or run it on a terminal.",
    );
  }
}

/** A passphrase or key file opens none of a store's keys. Nothing is said of damage by that. */
export class KeyWrongError extends RehomeError {
  override readonly name = "KeyWrongError";
  readonly code = "KEY_WRONG";

  constructor(location: string, kind: "passphrase" | "key-file") {
    super(
      `cannot open the store "${location}": this ${kind === "passphrase" ? "passphrase" : "key file"} opens none of its keys`,
      "Try another one; the store itself may well be intact.",
    );
  }
}

/** A store has no key of that id. */
export class KeyNotFoundError extends RehomeError {
  override readonly name = "KeyNotFoundError";
  readonly code = "KEY_NOT_FOUND";

  constructor(id: string, known: readonly string[]) {
    super(`cannot find key "${id}": the store has ${known.join(", ")}`, "`rehome store key list` shows all keys.");
  }
}

/** The last key of a store cannot be removed: nobody could open it again. */
export class LastKeyError extends RehomeError {
  override readonly name = "LastKeyError";
  readonly code = "KEY_LAST";

  constructor(id: string) {
    super(
      `cannot remove key "${id}": it is the last one, and at least one is needed`,
      "Add another one first with `rehome store key add`.",
    );
  }
}

/** An image has no stream of that name. */
export class StreamNotFoundError extends RehomeError {
  override readonly name = "StreamNotFoundError";
  readonly code = "PATH_NOT_FOUND";
  readonly stream: string;

  constructor(stream: string, known: readonly string[]) {
    super(
      `cannot find the stream "${stream}": the image has no raw partition of that name`,
      known.length === 0 ? "It has none at all." : `It has ${known.join(", ")}.`,
    );
    this.stream = stream;
  }
}
