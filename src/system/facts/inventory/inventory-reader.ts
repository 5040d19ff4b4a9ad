import type { InstalledPackage, PackageManager } from "../../../core/inventory/inventory.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { SystemSources } from "../system-sources.ts";

/** What of an inventory is asked. What is not asked is not read: patches mean hashing files. */
export interface InventoryQuestion {
  /** Paths of the host that the machine inherits; only files at or below them are listed. */
  readonly inheritedDirectories: readonly TreePath[];
  /** Whether the patches of a package are wanted; its `patches` are still empty. */
  readonly needsPatches: (installed: InstalledPackage) => boolean;
  readonly signal?: AbortSignal;
}

/** A kind of package database. It gives no packages for a tree that has none of its kind. */
export interface InventoryReader {
  readonly manager: PackageManager;
  /** @throws {InterruptedError} */
  read(sources: SystemSources, question: InventoryQuestion): Promise<InstalledPackage[]>;
}
