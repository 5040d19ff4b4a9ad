import { formatSecret } from "../secrets.ts";
import type { CapturePlan, CaptureStep } from "../../../system/capture/plan.ts";
import type { SecretFile } from "../../../core/manifest/manifest.ts";
import { countOf } from "../../render/quantities.ts";

/** What a capture would do, in lines for people. */
export function describeCapturePlan(plan: CapturePlan, secrets: readonly SecretFile[]): string[] {
  const taken = plan.mounts.filter((mount) => mount.taken);
  const leftOut = [
    ...plan.mounts
      .filter((mount) => !mount.taken)
      .map(({ mountPoint, type, reason }) => `${mountPoint} (${type}): ${reason ?? ""}`),
    ...plan.leftOut.map(({ path, reason }) => `${path}: ${reason}`),
  ];
  const shift =
    plan.ownerShift === 0 ? [] : [`owners are taken down by ${plan.ownerShift}, the start of the machine's range`];
  return [
    `would capture ${plan.root} (${plan.kind}) as ${plan.name}, consistency ${plan.consistency}${plan.rehash ? ", reading every file" : ""}`,
    ...shift,
    ...list(
      "file systems that are entered too:",
      taken.map(({ mountPoint, source, type }) => `${mountPoint} (${source}, ${type})`),
    ),
    ...list("left out:", leftOut),
    ...list("patterns:", plan.excludes),
    ...(plan.redact
      ? list(
          `${countOf(secrets.length, "file")} left empty for where they lie, beside what shows a secret when it is read:`,
          secrets.map(formatSecret),
        )
      : []),
    ...list(`${countOf(plan.steps.length, "step")}:`, plan.steps.map(describeStep)),
  ];
}

function list(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}

function describeStep(step: CaptureStep): string {
  switch (step.kind) {
    case "begin-session":
      return "begin a session, so that nothing the capture relies on is pruned";
    case "run-hooks":
      return `run the ${step.when} hooks`;
    case "sync":
      return "write out what the kernel holds back";
    case "read-facts":
      return "read what the system tells of itself: packages, kernels, mounts";
    case "find-secrets":
      return "find what is known by its path to be secret";
    case "read-tree":
      return "read the tree and store what is new";
    case "add":
      return `put ${step.source} in at /${step.path}, in the place of what is there`;
    case "read-stream":
      return `read ${step.source}, byte for byte, as the stream ${step.name}`;
    case "publish":
      return "store the manifest and give it the next number as its tag";
  }
}
