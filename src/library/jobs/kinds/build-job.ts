import type { JobKind } from "../../../engine/job-kind.ts";
import { makeBuildKind } from "../../../journeys/build/run/build-kind.ts";
import type { Paths } from "../../settings/settings.ts";
import { fromJson } from "../json.ts";

/** What a build's job keeps of how it was called; all paths absolute. */
export interface BuildParameters {
  readonly directory: string;
  readonly store: string;
  readonly paths: Paths;
}

/** Builds as jobs; a kind of its own for each run, which holds the place that it builds in. */
export function buildKind(): JobKind {
  return makeBuildKind(async (parameters) => {
    const { directory, store, paths } = fromJson<BuildParameters>(parameters);
    const [{ openBuildArea }, { buildPorts }, { loadModule }] = await Promise.all([
      import("../../build/build-area.ts"),
      import("../../build/build-ports.ts"),
      import("../../../host/build/load-module.ts"),
    ]);
    return {
      ports: buildPorts(store, paths),
      loadModule,
      openArea: async (job) => openBuildArea(directory, `job ${job}`, paths),
    };
  });
}
