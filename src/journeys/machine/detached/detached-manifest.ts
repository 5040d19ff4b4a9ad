import type { Consistency } from "../../../core/manifest/manifest.ts";
import type { InstalledPackage, Patch } from "../../../core/inventory/inventory.ts";
import type { Setting } from "../settings/unit-file.ts";

/**
 * What a detached machine is and needs: JSON in its own directory, published as `docs/format/detached.schema.json`. It
 * travels with the bits, through hands that are not trusted, and lies where the machine itself could write.
 */
export interface DetachedManifest {
  readonly formatVersion: 1;
  /** ISO 8601, UTC. */
  readonly detachedAt: string;
  /** `rehome 0.1.0`. */
  readonly writtenBy: string;
  /** Made from the machine's own tree, because it was never detached: there is nothing about its source host. */
  readonly isRebuilt: boolean;
  readonly machine: DetachedMachine;
  readonly configuration: MachineConfiguration;
  readonly software: {
    readonly packages: readonly Pick<InstalledPackage, "manager" | "name" | "version" | "architecture" | "patches">[];
    readonly livePatches: readonly Patch[];
  };
  readonly host: SourceHost;
  /** Device nodes in its tree, which not every way of moving it keeps. */
  readonly devices: readonly DeviceNode[];
}

/** Which machine it is. */
export interface DetachedMachine {
  readonly name: string;
  /** 32 hex digits. It stays the same wherever the machine goes. */
  readonly uuid: string;
  /** Raised whenever the machine gets another owner; of two copies the one with the higher epoch is the machine. */
  readonly epoch: number;
  /** The site that gave it away, as 32 hex digits. */
  readonly site: string;
  /** The image that it was made from. */
  readonly image?: string;
  /** What its tree takes up. */
  readonly bytes: number;
  /** Of the programs in its tree. */
  readonly architecture?: string;
  /** The ids that its files belong to, if they are not the host's own. */
  readonly uidRange?: { readonly start: number; readonly count: number };
  /** In a snapshot: how much it can be trusted to show one moment. */
  readonly consistency?: Consistency;
}

/** How it is run. */
export interface MachineConfiguration {
  /** Of its `.nspawn` file. */
  readonly nspawn: readonly Setting[];
  /** Of the drop-ins of `systemd-nspawn@NAME.service`, by the names of their files. */
  readonly dropIns: readonly { readonly name: string; readonly settings: readonly Setting[] }[];
  /** Whether it is started with the host. */
  readonly autostart: boolean;
}

/** Where it ran. */
export interface SourceHost {
  readonly name: string;
  readonly osRelease?: Readonly<Record<string, string>>;
  readonly architecture?: string;
  readonly cpuLevel?: string;
  readonly kernelRelease?: string;
  readonly systemdVersion?: number;
}

/** A device node; its path from the machine's root, as `displayBytes` writes it. */
export interface DeviceNode {
  readonly path: string;
  readonly kind: "character" | "block";
  readonly major: number;
  readonly minor: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}
