import type { TreePath } from "../tree/byte-string.ts";

/** Programs that install packages, each with names, versions and patches of its own. */
export type PackageManager = "dpkg" | "rpm" | "apk" | "svr4";

/**
 * Whom a package of a host is for: the host alone, the host and all its machines, or neither is said and the files that
 * it delivers decide.
 */
export type PackageScope = "this-host" | "all-machines" | "none";

/** A change to a package that its version does not show. */
export interface Patch {
  readonly kind: "patch" | "live-patch" | "diversion" | "modified-file";
  /** A patch's number, a live patch's name, or the path of a file from the root. */
  readonly id: string;
  /** What tells two with the same id apart: where a file was diverted to, the start of the SHA-256 of a modified one. */
  readonly content?: string;
}

/** An installed package as far as validation asks for it. */
export interface InstalledPackage {
  readonly manager: PackageManager;
  readonly name: string;
  readonly version: string;
  /** Empty where the package manager knows none. */
  readonly architecture: string;
  /** What the package itself says; on Linux none does. */
  readonly declaredScope?: PackageScope;
  /** Files it delivers; those outside of directories that a machine inherits may be left out. */
  readonly files: readonly TreePath[];
  readonly patches: readonly Patch[];
}

/** What is installed on a host, read for one machine. */
export interface Inventory {
  readonly packages: readonly InstalledPackage[];
  /** Patches of the running kernel, which belong to no package. */
  readonly livePatches: readonly Patch[];
}

/** What tells installed packages apart: names may be there once for each architecture. */
export function packageKey({
  manager,
  name,
  architecture,
}: Pick<InstalledPackage, "manager" | "name" | "architecture">): string {
  return `${manager}:${name}:${architecture}`;
}
