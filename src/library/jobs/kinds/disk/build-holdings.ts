import type { Holding } from "../../../../engine/journal/journal.ts";
import type { BuildRequest } from "../../../../system/disk/build/request.ts";
import { mountsOf } from "../../../../system/disk/plan/disk-plan.ts";

/** What a process that dies may leave of the tree of a disk, unless its mounts are its own; in the order in which it comes to be. */
export function buildHoldings({ plan, paths, workDirectory }: BuildRequest): Holding[] {
  const tree = `${workDirectory}/tree`;
  const mounts = mountsOf(plan).map(({ mountPoint }) => (mountPoint === "/" ? tree : tree + mountPoint));
  return [
    ...[...paths.values()].map((what) => ({ kind: "loop-device", what })),
    ...mounts.map((what) => ({ kind: "mount", what })),
  ];
}
