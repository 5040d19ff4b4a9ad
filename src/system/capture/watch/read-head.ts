import type { ManifestHead } from "../../../core/manifest/manifest.ts";
import type { CapturePlan } from "../plan.ts";
import type { CapturePorts } from "../ports.ts";
import type { CaptureWatch } from "./capture-watch.ts";
import { measureTree } from "./measure-tree.ts";

type Facts = Awaited<ReturnType<CapturePorts["readFacts"]>>;

/** What the head of a manifest is made of, beside the facts. */
export interface HeadParts {
  readonly plan: CapturePlan;
  readonly ports: Pick<CapturePorts, "tree">;
  readonly settings: {
    readonly writtenBy: string;
    readonly watch?: CaptureWatch;
    readonly signal?: AbortSignal;
  };
  readonly startedAtMs: number;
}

/** Makes the head of a manifest, and tells who watches the capture. @throws {InterruptedError} */
export async function readHead(
  facts: Promise<Facts>,
  { plan, ports, settings, startedAtMs }: HeadParts,
): Promise<{ readonly head: ManifestHead; readonly warnings: Facts["warnings"] }> {
  const { watch, signal } = settings;
  const measured = watch && measureTree(ports.tree, plan, signal);
  const [{ system, host, warnings }, estimate] = await Promise.all([facts, measured]);
  const head: ManifestHead = {
    kind: plan.kind,
    name: plan.name,
    capturedAt: new Date(startedAtMs).toISOString(),
    writtenBy: settings.writtenBy,
    facts: system,
    ...(host && { hostFacts: host }),
    excludes: plan.excludes,
    mounts: plan.mounts,
    ...(plan.additions && { additions: plan.additions }),
    ownerShift: plan.ownerShift,
  };
  if (estimate) watch?.onHead(head, estimate);
  return { head, warnings };
}
