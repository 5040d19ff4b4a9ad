import type { OnProgress } from "../../core/progress.ts";
import type { AreaRecord } from "./area-record.ts";

/** How a program of a checkpoint is run. */
export interface ProgramOptions {
  /** Set on top of a plain environment; nothing of this process's own is handed on but PATH, HOME, LANG and the proxies. */
  readonly env?: Readonly<Record<string, string>>;
  /** Each line that it writes, standard output and standard error alike. */
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Programs. Whatever they start ends with them, at an abort, and when this process dies in whatever way. */
export interface Programs {
  /** Runs a program of this host, which sees this host's files; returns its exit status. @throws {ToolFailedError} */
  readonly runOnHost: (argv: readonly string[], options: ProgramOptions) => Promise<number>;
  /** Runs a program of the tree at `root`, which sees nothing but that tree; returns its exit status. @throws {ToolFailedError} */
  readonly runInTree: (
    root: string,
    argv: readonly string[],
    options: ProgramOptions & { readonly hasNetwork: boolean },
  ) => Promise<number>;
  /** Why programs cannot be run so here; undefined if they can. */
  readonly whyNot: (where: "host" | "tree") => string | undefined;
  /** Whether this host has a program of that name. */
  readonly isInstalled: (name: string) => boolean;
}

/** An image in a store, for good. */
export interface StoredImage {
  /** SHA-256 of its manifest. */
  readonly id: string;
  readonly name: string;
  readonly tag: string;
  /** Absolute path of the store. */
  readonly store: string;
}

/** Whom long work tells how far it is, and who may stop it. */
export interface Work {
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/** Images of the user's stores. Where no store is named it is the one of this build. */
export interface Images {
  /** The image that an operand (`NAME[:TAG]`, `@ID`, `STORE#IMAGE`) names now. @throws {ImageNotFoundError} @throws {UsageError} */
  readonly find: (operand: string, store?: string) => Promise<StoredImage>;
  /** Writes an image into an empty directory. @throws {RehomeError} */
  readonly restore: (image: StoredImage, directory: string, work: Work) => Promise<void>;
  /** Captures a directory. `publishing` is told the id before the image gets its name. @throws {RehomeError} */
  readonly capture: (
    directory: string,
    options: {
      readonly name: string;
      readonly store?: string;
      readonly excludes: readonly string[];
      readonly publishing: (id: string, store: string) => Promise<void>;
    },
    work: Work,
  ) => Promise<StoredImage>;
  /** The image, if it got its name before this process's predecessor died. */
  readonly findPublished: (id: string, store: string) => Promise<StoredImage | undefined>;
  /** Takes an image's names away. */
  readonly remove: (id: string, store: string) => Promise<void>;
}

/** Files of this host, and how they get into a tree. */
export interface LocalFiles {
  /** A hash over names, kinds, modes and content of a file or of all below a directory; undefined if there is none. */
  readonly fingerprint: (path: string) => Promise<string | undefined>;
  /** Copies a file or directory to `to` in the tree at `root`; symlinks on the way are followed inside the tree alone. @throws {RehomeError} */
  readonly copyIntoTree: (
    root: string,
    copy: {
      readonly from: string;
      readonly to: string;
      /** False makes the builder the owner of all. */
      readonly keepsOwners: boolean;
      readonly mode: string | undefined;
    },
    options: ProgramOptions,
  ) => Promise<void>;
  /** Whether the tree at `root` has a regular file at `path`, which is absolute in it. */
  readonly isInTree: (root: string, path: string) => boolean;
}

/** What this host knows of packages. */
export interface PackageSources {
  /** Lines of a `sources.list` for a suite of Debian's kind, from this host's own apt; none if it does not have the suite. */
  readonly aptSources: (suite: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Why programs of an architecture (Debian's name for it) cannot run here; undefined if they can. */
  readonly whyNotArchitecture: (architecture: string) => Promise<string | undefined>;
}

/** Whose a prepared system is, and which operations make it so; as `rehome prepare` has them. */
export interface PrepareChoices {
  readonly identity?: "keep" | "reset";
  readonly fresh?: "now" | "first-boot";
  readonly hostname?: string;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
}

/** How a disk is made; as `rehome disk build` has it. */
export interface DiskChoices extends PrepareChoices {
  /** A layout file. */
  readonly layout?: string;
  readonly size?: string;
  readonly firmware?: "bios" | "uefi" | "both";
  readonly uuidSeed?: string;
  /** Its first line is the passphrase of every LUKS. */
  readonly luksPassphraseFile?: string;
}

/** Disks in files. An output must not be there, and is there only once it is whole. */
export interface Disks {
  /** @throws {RehomeError} */
  readonly build: (
    image: StoredImage,
    output: string,
    choices: DiskChoices,
    work: Work,
  ) => Promise<{ readonly format: string; readonly differenceCount: number }>;
  /** @throws {RehomeError} */
  readonly convert: (
    disk: string,
    output: string,
    choices: { readonly hypervisor?: "esxi" | "virtualbox" | "aws" | "kvm"; readonly firmware?: "bios" | "uefi" },
    work: Work,
  ) => Promise<{ readonly format: string }>;
  /** Starts a disk; it stays as it is. @throws {RehomeError} If it does not come to a login prompt in time. */
  readonly test: (
    disk: string,
    computer: {
      readonly bus?: "virtio" | "sata" | "nvme";
      readonly firmware?: "bios" | "uefi";
      readonly luksPassphraseFile?: string;
      readonly timeoutMs: number | undefined;
    },
    signal: AbortSignal,
  ) => Promise<{ readonly durationMs: number }>;
  /** Takes back what has made an output since then, or has begun to; a file that somebody has changed stays. @throws {UndoRefusedError} */
  readonly withdraw: (output: string, sinceMs: number) => Promise<void>;
}

/** All that checkpoints of a build may use, the user's own too. */
export interface BuildPorts {
  readonly programs: Programs;
  readonly images: Images;
  readonly files: LocalFiles;
  readonly packages: PackageSources;
  readonly disks: Disks;
  /** Makes the tree at `root` a system in its new home; returns what was done, in lines. @throws {RehomeError} */
  readonly prepare: (root: string, choices: PrepareChoices, work: Work) => Promise<readonly string[]>;
}

/** A place where one build is at work; held by one process at a time until it is disposed of. */
export interface BuildArea extends AsyncDisposable {
  /** Absolute path of the whole place. */
  readonly directory: string;
  /** The tree that is built. Absolute, and there. */
  readonly root: string;
  /** Where checkpoints leave files for later ones; a part of the state. Absolute, and there. */
  readonly work: string;
  /** What is known to be in the place; undefined in a new one. */
  readonly readRecord: () => AreaRecord | undefined;
  /** Durable on return; after a kill the old record or the new one is there. */
  readonly writeRecord: (record: AreaRecord) => void;
  /** Keeps tree and work area as they are; returns the state's id. @throws {RehomeError} */
  readonly keepState: (work: Work) => Promise<string>;
  /** Makes tree and work area what they were, or empty (undefined). @throws {RehomeError} */
  readonly bringBack: (state: string | undefined, work: Work) => Promise<void>;
  readonly statesKept: () => Promise<ReadonlySet<string>>;
  /** Forgets all states but these, and frees what only the others needed. */
  readonly dropStatesBut: (states: ReadonlySet<string>, work: Work) => Promise<void>;
  /** Bytes on disk of all states. */
  readonly stateBytes: () => Promise<number>;
  /** Removes everything that builds have put into the place, and the place itself if nothing else is in it. */
  readonly clear: () => Promise<void>;
  /** Writes to the build's logs: what happened, and with `detail` every line of output. */
  readonly log: (line: string, level: "simple" | "detail") => void;
  readonly detailLog: string;
  /** Something of the build may still be at work: nobody else gets the place before this process ends. */
  readonly keepLock: () => void;
}
