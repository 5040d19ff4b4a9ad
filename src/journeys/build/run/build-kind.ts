import type { Checkpoint, CheckpointContext, JobKind } from "../../../engine/job-kind.ts";
import type { JobId, JobRecord, Json } from "../../../engine/job.ts";
import type { BuildArea, BuildPorts } from "../ports.ts";
import type { LoadModule } from "../register/load-constructor.ts";
import { planOf } from "./build-plan.ts";
import type { BuildRun } from "./build-run.ts";

/** What a build needs of its surroundings. */
export interface BuildSurroundings {
  readonly ports: BuildPorts;
  readonly loadModule: LoadModule;
  /** Takes the place where it builds. @throws {BuildBusyError} */
  readonly openArea: (job: JobId) => Promise<BuildArea>;
}

/**
 * Builds as jobs: each checkpoint of the manifest is one of the job. Made anew for each run, since it remembers what the run has open.
 *
 * What a run needs is loaded when one begins: lists of jobs need the kind too, and should be quick.
 *
 * @param surroundingsOf Gives the surroundings of a job by its parameters, in whatever process it runs.
 */
export function makeBuildKind(surroundingsOf: (parameters: Json) => Promise<BuildSurroundings>): JobKind {
  let open: BuildRun | undefined;
  const running = (): BuildRun => {
    if (open === undefined) throw new TypeError("a build runs only while its place is held");
    return open;
  };
  return {
    kind: "build",
    planVersion: 1,
    checkpoints(job) {
      const plan = planOf(job);
      return plan.checkpoints.slice(plan.from).map((planned, offset): Checkpoint => {
        const index = plan.from + offset;
        const takeBack = (context: CheckpointContext): Promise<void> => running().takeBack(index, context);
        return {
          name: planned.name,
          title: planned.description,
          weight: Math.max(1, plan.expectedMs[index] ?? 1),
          undo: planned.undo,
          run: (context) => running().run(index, context),
          ...(planned.undo !== "none" && { takeBack }),
        };
      });
    },
    async hold(job) {
      const [{ BuildRun }, surroundings] = await Promise.all([
        import("./build-run.ts"),
        surroundingsOf(job.parameters),
      ]);
      const { ports, loadModule, openArea } = surroundings;
      const area = await openArea(job.id);
      open = new BuildRun(planOf(job), area, ports, loadModule);
      return area;
    },
    pauseBefore: (job) => planOf(job).pauseBefore ?? undefined,
    goesOnAfterFailure: (job) => !planOf(job).stopOnError,
    insteadOfUndo,
  };
}

function insteadOfUndo(job: JobRecord): string {
  const { manifest, checkpoints, from } = planOf(job);
  return `\`rehome build -r ${checkpoints[from]?.name ?? ""} ${manifest}\` builds anew from there; \`rehome build --clean ${manifest}\` removes what it keeps.`;
}
