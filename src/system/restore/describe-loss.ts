import type { RestoreLoss } from "./write-tree.ts";

/** A loss in a line for people. */
export function describeLoss({ path, what, why }: RestoreLoss): string {
  return `/${path}: ${what} could not be set: ${why}`;
}
