import { spawnSync } from "node:child_process";
import { performance } from "node:perf_hooks";

import { median } from "./measure.ts";

/** Median milliseconds of `rehome --version` and of Node doing nothing, taken in turns. */
export function measureStartup(
  launcher: string,
  rounds: number,
): { readonly rehomeMs: number; readonly nodeMs: number } {
  const rehome: number[] = [];
  const node: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    rehome.push(timeOf(launcher, ["--version"]));
    node.push(timeOf(process.execPath, ["-e", "0"]));
  }
  return { rehomeMs: median(rehome), nodeMs: median(node) };
}

function timeOf(program: string, arguments_: readonly string[]): number {
  const begin = performance.now();
  const child = spawnSync(program, arguments_, { stdio: "ignore" });
  if (child.status !== 0) throw new TypeError(`cannot time ${program}: status ${child.status}`);
  return performance.now() - begin;
}
