/** Something that a machine needs of its host, and what asks for it: `Bridge=br0`. */
export interface Needed<What> {
  readonly what: What;
  readonly setting: string;
}

/** What a machine needs of the host it is to be attached to, packages apart. */
export interface MachineNeeds {
  readonly name: string;
  readonly uuid: string;
  /** Where it comes from; compared only if the machine inherits parts of its host. */
  readonly osRelease?: Readonly<Record<string, string>>;
  readonly inheritsFromHost: boolean;
  /** As `uname -m` names it. */
  readonly architecture?: string;
  /** Of the processor it ran on: `x86-64-v3`. */
  readonly cpuLevel?: string;
  readonly kernelRelease?: string;
  readonly kernelFeatures: readonly Needed<string>[];
  readonly systemdVersion?: Needed<number>;
  readonly networkDevices: readonly Needed<string>[];
  readonly bindSources: readonly Needed<string>[];
  /** A range that is fixed in its settings. */
  readonly uidRange?: UidSpan;
  /** Bytes that must be free here; 0 where the bits lie here already. */
  readonly bytes: number;
}

/** User and group ids from `start` on. */
export interface UidSpan {
  readonly start: number;
  readonly count: number;
}

/** Another machine that this host knows. */
export interface KnownMachine {
  readonly name: string;
  readonly uuid?: string;
  /** What the range it runs or last ran in is, if it has one. */
  readonly uidRange?: UidSpan;
}

/** What is true of the host that a machine is to be attached to. Absent: it could not be found out. */
export interface TargetFacts {
  readonly osRelease?: Readonly<Record<string, string>>;
  readonly architecture: string;
  readonly cpuLevel?: string;
  readonly kernelRelease?: string;
  readonly kernelFeatures?: ReadonlySet<string>;
  readonly systemdVersion?: number;
  readonly networkDevices: ReadonlySet<string>;
  /** Those of the asked bind sources that are there. */
  readonly presentPaths: ReadonlySet<string>;
  /** Users and groups of the host itself beyond 65535, from its databases. */
  readonly reservedUids: readonly (UidSpan & { readonly owner: string })[];
  readonly freeBytes: number;
  /** All machines but the one that is to be attached. */
  readonly machines: readonly KnownMachine[];
  /** Where another copy of the machine is known to live, by its UUID. */
  readonly liveCopies: readonly { readonly uuid: string; readonly where: string }[];
}
