import type { HostFinding } from "../report.ts";
import { checkPlatform } from "./check-platform.ts";
import { checkPlace } from "./check-place.ts";
import { checkIdentity } from "./check-identity.ts";
import { hostChecks, softwareChecks, type HostCheck } from "./host-check.ts";
import type { MachineNeeds, TargetFacts } from "./target-facts.ts";

/** Everything beside packages that keeps this host from holding the machine, in the order of {@link hostChecks}. */
export function checkHost(
  needs: MachineNeeds,
  facts: TargetFacts,
  options: { readonly ignored: readonly HostCheck[]; readonly skipSoftware: boolean },
): HostFinding[] {
  return [...checkPlatform(needs, facts), ...checkPlace(needs, facts), ...checkIdentity(needs, facts)]
    .filter(({ check }) => !options.ignored.includes(check))
    .filter(({ check }) => !(options.skipSoftware && softwareChecks.has(check)))
    .toSorted((a, b) => hostChecks.indexOf(a.check) - hostChecks.indexOf(b.check))
    .map((complaint) => ({ section: "host", ...complaint }));
}
