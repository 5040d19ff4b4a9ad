/** What is looked at beside packages, in the order of the report. */
export const hostChecks = [
  "distribution",
  "architecture",
  "cpu-level",
  "kernel",
  "kernel-feature",
  "systemd",
  "network-device",
  "bind-source",
  "uid-range",
  "disk-space",
  "name",
  "uuid",
  "live-copy",
  "settings",
] as const;

/** Name of a check of the host. */
export type HostCheck = (typeof hostChecks)[number];

/** Checks that belong to the software of the host: force skips them together with packages and patches. */
export const softwareChecks: ReadonlySet<HostCheck> = new Set(["distribution", "kernel", "kernel-feature", "systemd"]);

/** Checks that a rule may leave out: not those that keep one machine from harming another, or its host. */
export const ignorableChecks: ReadonlySet<HostCheck> = new Set<HostCheck>([
  ...softwareChecks,
  "cpu-level",
  "network-device",
  "bind-source",
  "disk-space",
]);

/** What a check says when it does not hold. */
export interface Complaint {
  readonly check: HostCheck;
  /** What is needed and what is there, one clause. */
  readonly message: string;
  readonly mend: string;
}
