import { measure, run, type Sample } from "./measure.ts";
import { freshPlace, type PlaceKind } from "./place.ts";
import { toolEnvironment, type Tool } from "./tools.ts";
import { changeTree, compareTrees, warmTree } from "./tree.ts";

export const steps = ["first", "unchanged", "changed", "restore"] as const;
export type Step = (typeof steps)[number];

/** All that was measured of one tool. */
export interface Measured {
  readonly tool: Tool;
  readonly samples: Readonly<Record<Step, Sample[]>>;
  /** Bytes the store takes on disk after the first capture, and after the third. */
  readonly storedBytes: number[];
  readonly storedAfterChangeBytes: number[];
  comparison: string | undefined;
}

export interface RoundsOptions {
  readonly tools: readonly Tool[];
  readonly runs: number;
  readonly tree: string;
  readonly work: string;
  readonly place: PlaceKind;
  readonly onProgress: (line: string) => void;
}

/**
 * Captures `tree` with every tool in turn, again unchanged, again changed, and restores the last capture; `runs` times,
 * each on a file system of its own. After the last run of rehome what it restored is compared with the tree.
 */
export async function measureRounds(options: RoundsOptions): Promise<Measured[]> {
  const all = options.tools.map((tool): Measured => ({
    tool,
    samples: { first: [], unchanged: [], changed: [], restore: [] },
    storedBytes: [],
    storedAfterChangeBytes: [],
    comparison: undefined,
  }));
  for (let round = 1; round <= options.runs; round += 1) {
    for (const measured of all) await measureTool(measured, options, round);
  }
  return all;
}

async function measureTool(measured: Measured, options: RoundsOptions, round: number): Promise<void> {
  const { tool, samples } = measured;
  const { tree, work } = options;
  using place = freshPlace(options.place, work);
  const environment = { ...toolEnvironment(place.path), SRC: tree, DST: `${place.path}/restored/tree` };
  const take = (step: Step, command: string, number: number): void => {
    run("sync");
    const sample = measure(command, { ...environment, N: String(number) }, `${work}/time`);
    samples[step].push(sample);
    options.onProgress(`${tool.name} ${round}/${options.runs} ${step}: ${Math.round(sample.wallMs)} ms`);
  };

  run(tool.prepare, environment);
  warmTree(tree);
  take("first", tool.capture, 1);
  measured.storedBytes.push(storedBytes(place.path));
  if (tool.incremental) {
    take("unchanged", tool.capture, 2);
    await using _change = await changeTree(tree, work);
    take("changed", tool.capture, 3);
    measured.storedAfterChangeBytes.push(storedBytes(place.path));
    take("restore", tool.restore, 3);
    if (tool.name === "rehome" && round === options.runs) measured.comparison = compareTrees(tree, environment.DST);
  } else {
    take("restore", tool.restore, 1);
  }
}

function storedBytes(place: string): number {
  return Number(run(`du -s -B1 "${place}/repo" | cut -f1`));
}
