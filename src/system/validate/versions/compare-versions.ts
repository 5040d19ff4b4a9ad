import type { PackageManager } from "../../../core/inventory/inventory.ts";
import { compareApk } from "./compare-apk.ts";
import { compareDpkg } from "./compare-dpkg.ts";
import { compareRpm, compareSegments } from "./compare-rpm.ts";
import type { Order } from "./order.ts";

/** Solaris defines no order of versions; `11.11,REV=2005.12.13` and its like are in order by their numbers. */
const comparators: Readonly<Record<PackageManager, (one: string, other: string) => Order>> = {
  dpkg: compareDpkg,
  rpm: compareRpm,
  apk: compareApk,
  svr4: compareSegments,
};

/** Orders two versions of a package as its package manager does. */
export function compareVersions(manager: PackageManager, one: string, other: string): Order {
  return comparators[manager](one, other);
}
