import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Paths } from "../../src/library/settings/settings.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A place of its own for a test: a store, state, machines and hooks, none of them the host's. */
export interface Place {
  readonly directory: string;
  readonly paths: Paths;
}

/** Makes a place that goes with the test. Nothing is in it yet but `directory`. */
export function testPlace(context: TestContext, below?: string): Place {
  const directory = temporaryDirectory(context, below);
  return { directory, paths: pathsIn(directory) };
}

/** Paths of a place in `directory`. */
export function pathsIn(directory: string): Paths {
  const stateDirectory = join(directory, "state");
  mkdirSync(stateDirectory, { recursive: true });
  return {
    stateDirectory,
    store: join(stateDirectory, "store"),
    machinesDirectory: join(directory, "machines"),
    nspawnDirectory: join(directory, "nspawn"),
    hooksDirectory: join(directory, "hooks"),
    rulesFile: join(directory, "validate.yaml"),
    prepareDirectory: join(directory, "prepare"),
  };
}
