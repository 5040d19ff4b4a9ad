import type { PackageManager, Patch } from "../../core/inventory/inventory.ts";
import type { Complaint } from "./target/host-check.ts";

/** Where a finding stands in the report. The first four are the sections of the document that the rule comes from. */
export type Section = "source-packages" | "local-packages" | "source-patches" | "local-patches" | "host";

/** A package that is not what it was on the source host. */
export interface PackageFinding {
  readonly section: "source-packages" | "local-packages";
  readonly kind: "version-mismatch" | "not-installed" | "was-not-installed";
  readonly manager: PackageManager;
  readonly name: string;
  readonly architecture: string;
  /** Absent for `was-not-installed`. */
  readonly sourceVersion?: string;
  /** Absent for `not-installed`. */
  readonly localVersion?: string;
  readonly mend: string;
}

/** A patch that only one of the hosts has, or that both have with another content. */
export interface PatchFinding {
  readonly section: "source-patches" | "local-patches";
  readonly kind: "content-mismatch" | "not-installed" | "was-not-installed";
  readonly patch: Patch;
  /** The same patch with what it holds here, for `content-mismatch`. */
  readonly localContent?: string;
  /** Names of the packages that have it; none for a live patch of the kernel. */
  readonly packages: readonly string[];
  readonly mend: string;
}

/** Something else about this host. */
export interface HostFinding extends Complaint {
  readonly section: "host";
}

/** One thing that validation has to say. */
export type Finding = PackageFinding | PatchFinding | HostFinding;

/** Everything that validation has to say, at once. */
export interface ValidationReport {
  readonly machine: string;
  /** Name of the host that the machine comes from. */
  readonly sourceHost: string;
  readonly localHost: string;
  /** False where force skipped the checks of software. */
  readonly softwareChecked: boolean;
  /** How many packages of the source host and of this one were compared. */
  readonly checkedPackages: { readonly source: number; readonly local: number };
  readonly findings: readonly Finding[];
}
