import type { Inventory } from "../../../core/inventory/inventory.ts";
import { throwIfInterrupted } from "../../../core/errors.ts";
import type { SystemSources } from "../system-sources.ts";
import { apkInventory } from "./apk-inventory.ts";
import { dpkgInventory } from "./dpkg-inventory.ts";
import type { InventoryQuestion, InventoryReader } from "./inventory-reader.ts";
import { readLivePatches } from "./live-patches.ts";
import { rpmInventory } from "./rpm-inventory.ts";
import { svr4Inventory } from "./svr4-inventory.ts";

/** Every kind of package database that is known; a host may have several. */
const readers: readonly InventoryReader[] = [dpkgInventory, rpmInventory, apkInventory, svr4Inventory];

/** Reads what is installed in a tree. Nothing of it runs. @throws {InterruptedError} */
export async function readInventory(sources: SystemSources, question: InventoryQuestion): Promise<Inventory> {
  const packages = [];
  for (const reader of readers) {
    throwIfInterrupted(question.signal, "reading what is installed");
    packages.push(...(await reader.read(sources, question)));
  }
  return { packages, livePatches: readLivePatches(sources.files) };
}
