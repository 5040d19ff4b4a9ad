import type { Patch } from "../../../core/inventory/inventory.ts";
import type { PatchFinding } from "../report.ts";
import type { ComparedPackages, NeededPackage } from "./compare-packages.ts";
import type { PackageRules } from "./rules.ts";

/** Live patches of the kernels of both hosts. */
export interface ComparedLivePatches {
  readonly needed: readonly Patch[];
  readonly here: readonly Patch[];
}

/**
 * Compares the patches of all packages that are compared, in both directions. Where a package may be newer, its patches
 * count only while its version is the same, and further ones here do no harm.
 */
export function comparePatches(
  { needed, installed, checked }: ComparedPackages,
  livePatches: ComparedLivePatches,
  rules: PackageRules,
): PatchFinding[] {
  const versions = new Set(installed.map((one) => `${one.manager}:${one.name}:${one.version}`));
  const counts = (one: NeededPackage): boolean => {
    const level = rules.matchLevelOf(one);
    return level === "exact" || (level === "at-least" && versions.has(`${one.manager}:${one.name}:${one.version}`));
  };
  const wanted = collect(needed.filter(counts), livePatches.needed);
  const present = collect(installed, livePatches.here);
  const extra = collect(
    checked.filter((one) => rules.matchLevelOf(one) === "exact"),
    livePatches.here,
  );
  const there = collect(needed, livePatches.needed);
  const missing = [...wanted].flatMap(([key, { patch, packages }]): PatchFinding[] => {
    const local = present.get(key)?.patch;
    if (local !== undefined && (local.content ?? "") === (patch.content ?? "")) return [];
    const kind = local === undefined ? "not-installed" : "content-mismatch";
    const localContent = local?.content;
    return [
      {
        section: "source-patches",
        kind,
        patch,
        ...(localContent !== undefined && { localContent }),
        packages,
        mend: mendMissing(patch),
      },
    ];
  });
  const added = [...extra].flatMap(([key, { patch, packages }]): PatchFinding[] =>
    there.has(key)
      ? []
      : [{ section: "local-patches", kind: "was-not-installed", patch, packages, mend: mendAdded(patch, packages) }],
  );
  return [...missing.toSorted(byId), ...added.toSorted(byId)];
}

interface Collected {
  readonly patch: Patch;
  readonly packages: string[];
}

function collect(packages: readonly NeededPackage[], livePatches: readonly Patch[]): Map<string, Collected> {
  const found = new Map<string, Collected>();
  for (const patch of livePatches) found.set(`${patch.kind}:${patch.id}`, { patch, packages: [] });
  for (const { name, patches } of packages)
    for (const patch of patches) {
      const key = `${patch.kind}:${patch.id}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { patch, packages: [name] });
      else known.packages.push(name);
    }
  return found;
}

function mendMissing({ kind, id, content }: Patch): string {
  switch (kind) {
    case "patch":
      return `here: patchadd ${id}`;
    case "live-patch":
      return `here: load the live patch ${id}, or boot a kernel that needs none`;
    case "diversion":
      return `here: dpkg-divert --rename --divert ${content ?? id} ${id}`;
    case "modified-file":
      return `make the same change to ${id} here, or install its package again on the source host`;
  }
}

function mendAdded({ kind, id }: Patch, packages: readonly string[]): string {
  switch (kind) {
    case "patch":
      return `here: patchrm ${id}; or add it to the source host`;
    case "live-patch":
      return `load the live patch ${id} on the source host too`;
    case "diversion":
      return `here: dpkg-divert --rename --remove ${id}`;
    case "modified-file":
      return `here: install ${packages.join(", ")} again, or make the same change to ${id} on the source host`;
  }
}

function byId({ patch: one }: PatchFinding, { patch: other }: PatchFinding): number {
  return one.id === other.id ? 0 : one.id < other.id ? -1 : 1;
}
