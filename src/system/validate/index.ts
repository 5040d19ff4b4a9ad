/**
 * Validation: can this host hold that machine? It decides from facts, reads nothing and changes nothing.
 *
 * 1. Of the packages of the source host those are picked that the machine needs: {@link chooseNeeded}.
 * 2. Of the packages of this host the same rule picks its own.
 * 3. Both are compared in both directions, with their patches: {@link compareSoftware}.
 * 4. Everything is listed at once, with what would mend it: {@link renderReport}.
 */
export { renderReport } from "./render-report.ts";
export { chooseChecked } from "./software/choose-checked.ts";
export { chooseNeeded, compareSoftware } from "./software/compare-software.ts";
export { noRules, packageRules, parseRules, type ValidationRules } from "./software/rules.ts";
export type { Finding, HostFinding, PackageFinding, ValidationReport } from "./report.ts";
export { compareVersions } from "./versions/compare-versions.ts";
export { checkHost } from "./target/check-host.ts";
export type { KnownMachine, MachineNeeds, TargetFacts } from "./target/target-facts.ts";
