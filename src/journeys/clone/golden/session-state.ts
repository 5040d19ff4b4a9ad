import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { openSealedObject, sealObject } from "../../../image/format/sealed-object.ts";
import { rawPublicKey } from "../../../image/signatures/ed25519.ts";
import type { RememberedNode } from "../chain/coordinator.ts";
import type { SessionFigures } from "./session-figures.ts";
import { fingerprintOf, type SessionToken } from "../wire/token.ts";

interface Remembered {
  readonly formatVersion: 1;
  readonly session: string;
  /** Empty: of a system whose capture has not ended. */
  readonly image: string;
  /** Of a growing session whose capture has ended: the digest of its parts. Absent for one of an image that was there before. */
  readonly parts?: string;
  readonly sessionId: string;
  readonly sessionKey: string;
  readonly secret: string;
  /** The private key, as a JWK holds it. */
  readonly goldenKey: { readonly d: string; readonly x: string };
  readonly runs: number;
  readonly lastNumber: number;
  readonly started: boolean;
  readonly nodes: readonly RememberedNode[];
  /** Names of nodes in the order they have in the session. */
  readonly positions: readonly string[];
  /** What it came to, once all nodes were let go. */
  readonly figures?: SessionFigures;
}

const epochsOfRun = 1_000_000;

/**
 * What a session must not forget: keys, and every number that may not be used again.
 *
 * Invariant: whatever a getter gives is on stable storage.
 */
export class SessionState {
  readonly signingKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly token: SessionToken;
  readonly #path: string;
  #kept: Remembered;

  /** Opens a session that was begun before, for one more run. @throws {ObjectDamagedError} */
  static reopen(path: string): SessionState {
    const kept = openSealedObject("chain-session", readFileSync(path), path) as Remembered;
    return new SessionState(path, { ...kept, runs: kept.runs + 1 });
  }

  /** Begins a session, of an image, or without one of a system. */
  static begin(path: string, session: string, image = ""): SessionState {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
    return new SessionState(path, {
      formatVersion: 1,
      session,
      image,
      ...newKeys(),
      secret: randomBytes(32).toString("hex"),
      goldenKey: { d, x },
      runs: 1,
      lastNumber: 0,
      started: false,
      nodes: [],
      positions: [],
    });
  }

  private constructor(path: string, kept: Remembered) {
    this.#path = path;
    this.#kept = kept;
    this.#keep(kept);
    this.signingKey = createPrivateKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", ...kept.goldenKey } });
    this.publicKey = createPublicKey(this.signingKey);
    this.token = { fingerprint: fingerprintOf(rawPublicKey(this.publicKey)), secret: Buffer.from(kept.secret, "hex") };
  }

  get sessionId(): Buffer {
    return Buffer.from(this.#kept.sessionId, "hex");
  }

  get sessionKey(): Buffer {
    return Buffer.from(this.#kept.sessionKey, "hex");
  }

  get session(): string {
    return this.#kept.session;
  }

  get image(): string {
    return this.#kept.image;
  }

  /** What it serves is captured meanwhile, or was. */
  get isGrowing(): boolean {
    return this.#kept.image === "" || this.#kept.parts !== undefined;
  }

  /** The digest of the parts of a growing session, once its image is there. */
  get parts(): string | undefined {
    return this.#kept.parts;
  }

  /** How many times it was begun, this time too. */
  get runs(): number {
    return this.#kept.runs;
  }

  get started(): boolean {
    return this.#kept.started;
  }

  get nodes(): readonly RememberedNode[] {
    return this.#kept.nodes;
  }

  /** What it came to in an earlier run, which let all nodes go. */
  get figures(): SessionFigures | undefined {
    return this.#kept.figures;
  }

  /** Above all epochs of earlier runs. */
  get firstEpoch(): number {
    return this.#kept.runs * epochsOfRun;
  }

  /** A number that no node had before. */
  nextNumber(): number {
    this.#keep({ ...this.#kept, lastNumber: this.#kept.lastNumber + 1 });
    return this.#kept.lastNumber;
  }

  /** The position of a node among all of the session, from 1: always the same for the same name. */
  positionOf(name: string): number {
    const { positions } = this.#kept;
    if (!positions.includes(name)) this.#keep({ ...this.#kept, positions: [...positions, name] });
    return this.#kept.positions.indexOf(name) + 1;
  }

  /** Notes how far the session is. */
  note(started: boolean, nodes: readonly RememberedNode[]): void {
    this.#keep({ ...this.#kept, started, nodes });
  }

  /** Notes what a growing session has become. */
  captured(image: string, parts: string): void {
    this.#keep({ ...this.#kept, image, parts });
  }

  /** Forgets what was sent: what follows is of another capture. Nodes find that out by the session id; the token stays. */
  startAgain(): void {
    const { parts: _parts, ...kept } = this.#kept;
    this.#keep({ ...kept, image: "", ...newKeys() });
  }

  /** Notes that all nodes were let go. */
  end(figures: SessionFigures): void {
    this.#keep({ ...this.#kept, figures });
  }

  #keep(kept: Remembered): void {
    const temporary = `${this.#path}.new`;
    writeFileSync(temporary, sealObject("chain-session", kept), { mode: 0o600 });
    for (const path of [temporary, dirname(this.#path)]) {
      if (path !== temporary) renameSync(temporary, this.#path);
      const file = openSync(path, "r");
      fsyncSync(file);
      closeSync(file);
    }
    this.#kept = kept;
  }
}

function newKeys(): Pick<Remembered, "sessionId" | "sessionKey"> {
  return { sessionId: randomBytes(16).toString("hex"), sessionKey: randomBytes(32).toString("hex") };
}
