import { mkdirSync } from "node:fs";

import { measure, run, type Sample } from "./measure.ts";
import { freshPlace } from "./place.ts";
import { toolEnvironment, type Tool } from "./tools.ts";
import { makeMillionFiles } from "./tree.ts";

export interface MillionMeasured {
  readonly first: Sample;
  readonly unchanged: Sample;
  readonly restore: Sample;
}

/** Captures and restores a tree of 1,000,000 small files in memory; for peak memory above all. */
export function measureMillion(tool: Tool, work: string): MillionMeasured {
  using place = freshPlace("tmpfs", work);
  const tree = `${place.path}/million`;
  mkdirSync(tree);
  makeMillionFiles(tree);
  run("sync; sleep 2.5");
  const environment = { ...toolEnvironment(place.path), SRC: tree, DST: `${place.path}/restored/tree` };
  run(tool.prepare, environment);
  const scratch = `${work}/time`;
  return {
    first: measure(tool.capture, { ...environment, N: "1" }, scratch),
    unchanged: measure(tool.capture, { ...environment, N: "2" }, scratch),
    restore: measure(tool.restore, environment, scratch),
  };
}
