import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import type { DiskFact } from "../../core/manifest/manifest.ts";
import type { NicMapping } from "./hardware/nic-mapping.ts";
import type { NewFileSystem, NewMapping } from "./references/index.ts";
import type { TreeView } from "./ports.ts";

/** Content that is drawn when it is written, so that a stored plan gives away no secret. */
export type FreshContent = { readonly fresh: "machine-id" } | { readonly fresh: "bytes"; readonly sizeBytes: number };

/** One change of a tree, or one run of a program of it. Each may be made twice. `what` says it to people. */
export type Change =
  | {
      readonly kind: "write";
      readonly path: TreePath;
      readonly content: ByteString | FreshContent;
      readonly what: string;
      /** Of a new file. Default: 0644. */
      readonly mode?: number;
      /** The lines that go (`- …`) and come (`+ …`), where there are few. */
      readonly lines?: readonly string[];
    }
  | { readonly kind: "copy"; readonly from: TreePath; readonly path: TreePath; readonly what: string }
  | { readonly kind: "move"; readonly from: TreePath; readonly path: TreePath; readonly what: string }
  | { readonly kind: "link"; readonly path: TreePath; readonly target: ByteString; readonly what: string }
  | { readonly kind: "remove"; readonly path: TreePath; readonly what: string }
  | {
      /** Something outside the tree: a program of this host. It may fail; that is a warning. */
      readonly kind: "host";
      readonly argv: readonly string[];
      readonly what: string;
    }
  | {
      readonly kind: "run";
      /** A program of the tree, or of `bind`, and its arguments. */
      readonly argv: readonly string[];
      readonly what: string;
      readonly timeoutMs: number;
      readonly env?: Readonly<Record<string, string>>;
      readonly bind?: readonly { readonly from: string; readonly to: string }[];
    };

/** A move keeps who the system is; a clone becomes somebody else. */
export type IdentityPolicy = "keep" | "reset";

/** An executable of this host that runs last. */
export interface UserProgram {
  readonly name: string;
  /** Where it lies on this host. */
  readonly hostPath: string;
  /** Why it will not be run. */
  readonly unsafe?: string;
}

/** The file systems that a system has from now on. */
export interface NewHome {
  readonly fileSystems: readonly NewFileSystem[];
  /** The disks it had, where that was recorded. */
  readonly oldDisks: readonly DiskFact[];
  /** These are all there are: what is on none of them is gone. */
  readonly isComplete: boolean;
  /** What of it is encrypted, and the arrays it lies on, where all is known. */
  readonly encrypted?: readonly NewMapping[];
  readonly arrays?: readonly NewMapping[];
}

/** A partition of a disk of this host. */
export interface PartitionPlace {
  /** `/dev/sda`. */
  readonly disk: string;
  /** From 1. */
  readonly number: number;
}

/** Where the tree lies on the disks of this host, which is to start it. */
export interface BootPlace {
  /** What holds `/boot`. */
  readonly partition: PartitionPlace;
  readonly table: "dos" | "gpt" | "other";
  /** What is mounted as EFI system partition. */
  readonly esp: PartitionPlace | undefined;
  readonly firmware: "uefi" | "bios";
  /** What firmware of this machine starts at the removable path: `BOOTX64.EFI`. */
  readonly loader: string;
  /** The labels of the boot entries that the firmware has. */
  readonly entries: readonly string[];
}

/** What the user asked for, and what the host knows of the new home. */
export interface PrepareChoices {
  readonly identity: IdentityPolicy;
  /** Whether a new identity is made now, or by the system itself when it starts (an image that will be copied again). */
  readonly fresh: "now" | "first-boot";
  readonly hostname: string | undefined;
  /** Undefined where nothing is known of it. */
  readonly newHome: NewHome | undefined;
  /** Present where this host is to start the system; undefined where its firmware is to be left alone. */
  readonly bootPlace: BootPlace | undefined;
  readonly nicMap: readonly NicMapping[];
  /** Kernel modules that the initramfs gets beside those that its tool chooses. */
  readonly bootModules: readonly string[];
  readonly programs: readonly UserProgram[];
  readonly programTimeoutMs: number;
}

/** What an operation finds to do in a tree. */
export interface Examination {
  /** In the order they are to be made; what the facts were read from is changed last, so that a killed run finds them again. */
  readonly changes: readonly Change[];
  /** What a person should know, and what is left to do by hand. */
  readonly remarks?: readonly string[];
  /** Why the operation cannot be done in this tree although it has to; nothing is changed at all then. */
  readonly blocked?: string;
}

/** One thing that is done to a tree to make it a system in its new home. */
export interface Operation<Name extends string = string> {
  readonly name: Name;
  readonly summary: string;
  /** `reset`: only where the system is to become somebody else. */
  readonly policies: readonly IdentityPolicy[];
  examine(tree: TreeView, choices: PrepareChoices): Examination;
  /** What the tree says after the changes, for the record: the new id, fingerprints. */
  evidence?(tree: TreeView): readonly string[];
}

/** Nothing to do. */
export const nothing: Examination = { changes: [] };
