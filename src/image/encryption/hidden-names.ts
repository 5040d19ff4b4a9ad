import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/*
 * Names of images are keys of objects, and must not be read in an encrypted store either. They are encrypted so that the
 * same name always gives the same key (put-if-absent depends on it): the initialisation vector is a MAC of the name (SIV,
 * after RFC 5297, with HMAC-SHA-256 and AES-256-CTR), and the length is hidden in steps of 32 bytes.
 */
const ivBytes = 16;
const padBytes = 32;
/** What file systems take as one name, with room to spare. */
const componentDigits = 192;

/** Turns names into keys and back, under keys made from the master key. */
export class HiddenNames {
  readonly #macKey: Buffer;
  readonly #cipherKey: Buffer;

  constructor(master: Uint8Array) {
    const keys = Buffer.from(hkdfSync("sha256", master, Buffer.alloc(0), "rehome names 1", 64));
    this.#macKey = keys.subarray(0, 32);
    this.#cipherKey = keys.subarray(32);
  }

  /** Lower-case hex digits, in components of at most 192. */
  hide(name: string): string {
    const text = Buffer.from(name);
    const plain = Buffer.concat([text, Buffer.alloc(padBytes - (text.length % padBytes))]);
    const iv = this.#mac(plain);
    const cipher = createCipheriv("aes-256-ctr", this.#cipherKey, iv);
    const digits = Buffer.concat([iv, cipher.update(plain)]).toString("hex");
    return digits.match(new RegExp(`.{1,${componentDigits}}`, "g"))?.join("/") ?? "";
  }

  /** The name that `hidden` was made of; undefined if nothing under this master key gives it. */
  show(hidden: string): string | undefined {
    const bytes = Buffer.from(hidden.replaceAll("/", ""), "hex");
    if (bytes.length < ivBytes + padBytes) return undefined;
    const iv = bytes.subarray(0, ivBytes);
    const plain = createDecipheriv("aes-256-ctr", this.#cipherKey, iv).update(bytes.subarray(ivBytes));
    if (!timingSafeEqual(this.#mac(plain), iv)) return undefined;
    return plain.toString("utf8").replace(/\0+$/, "");
  }

  #mac(plain: Uint8Array): Buffer {
    return createHmac("sha256", this.#macKey).update(plain).digest().subarray(0, ivBytes);
  }
}
