import type { Patch } from "../../core/inventory/inventory.ts";
import type { Finding, PatchFinding, Section, ValidationReport } from "./report.ts";

/** The headings of the report, in its order; those of packages and patches are the words of the document it comes from. */
const headings: readonly (readonly [Section, string])[] = [
  ["source-packages", "source host packages inconsistent with local host"],
  ["local-packages", "local host packages inconsistent with source host"],
  ["source-patches", "source host patches inconsistent with local host"],
  ["local-patches", "local host patches inconsistent with source host"],
  ["host", "local host cannot hold the machine"],
];

/**
 * The report as text: a section for each kind of finding, left out where it has none, then what would mend them. A
 * version that differs stands in a line of its own.
 */
export function renderReport({ findings }: Pick<ValidationReport, "findings">): string[] {
  const sections = headings.flatMap(([section, heading]) => {
    const own = findings.filter((finding) => finding.section === section);
    return own.length === 0 ? [] : [heading, ...own.flatMap((finding) => renderFinding(finding))];
  });
  if (sections.length === 0) return [];
  const mends = new Set(findings.map(({ mend }) => mend));
  return [...sections, "what would mend it", ...[...mends].map((mend) => `  ${mend}`)];
}

function renderFinding(finding: Finding): string[] {
  switch (finding.section) {
    case "source-packages":
    case "local-packages": {
      const { kind, name, sourceVersion = "", localVersion = "" } = finding;
      if (kind === "version-mismatch")
        return [`  ${name} (${sourceVersion}) version mismatch`, `    (${localVersion})`];
      if (kind === "not-installed") return [`  ${name} (${sourceVersion}) is not installed`];
      return [`  ${name} (${localVersion}) was not installed`];
    }
    case "source-patches":
    case "local-patches":
      return renderPatch(finding);
    case "host":
      return [`  ${finding.message}`];
  }
}

function renderPatch({ kind, patch, localContent = "", packages }: PatchFinding): string[] {
  const subject = describePatch(patch, packages);
  if (kind === "content-mismatch")
    return [`  ${subject} (${patch.content ?? ""}) content mismatch`, `    (${localContent})`];
  return [`  ${subject} ${kind === "not-installed" ? "is" : "was"} not installed`];
}

function describePatch({ kind, id }: Patch, packages: readonly string[]): string {
  const of = packages.length === 0 ? "" : ` of ${packages.join(", ")}`;
  switch (kind) {
    case "patch":
      return id;
    case "live-patch":
      return `live patch ${id}`;
    case "diversion":
      return `diversion of ${id}`;
    case "modified-file":
      return `changed file ${id}${of}`;
  }
}
