import { makerOf } from "../commands/make-file-system.ts";
import type { Refusal } from "../layout/errors.ts";
import { mappedVolume } from "../stack/stack-commands.ts";
import { contentOf, decryptedContentOf, holdersOf, type DiskPlan, type PlannedHolder } from "./disk-plan.ts";

/** What this host can do. */
export interface HostCapabilities {
  /** File systems that the kernel can mount. */
  readonly fileSystems: ReadonlySet<string>;
  readonly hasTool: (name: string) => boolean;
  /** Modules of the kernel, built in or to be loaded, with `_` for `-`. */
  readonly modules: ReadonlySet<string>;
  /** What the device mapper has now. */
  readonly mapped: ReadonlySet<string>;
}

/** What a plan needs and the kernel or the tools of this host lack, each by name. `tools` are needed whatever the plan holds. */
export function checkCapabilities(plan: DiskPlan, host: HostCapabilities, tools: readonly string[]): Refusal[] {
  const holders = holdersOf(plan);
  const contents = holders.map(decryptedContentOf);
  const made = contents.filter((content) => content.kind === "file-system" || content.kind === "swap");
  const mounted = made.flatMap((content) =>
    content.kind === "file-system" && content.mountPoint !== undefined && content.type !== "vfat" ? [content.type] : [],
  );
  const fat = made.some((content) => content.kind === "file-system" && content.type === "vfat") ? ["mcopy"] : [];
  const layers = layersOf(plan, holders);
  const neededTools = new Set([...tools, ...made.map(makerOf), ...fat, ...layers.flatMap(({ tools: own }) => own)]);
  const names = [
    ...holders.map(contentOf).flatMap((content) => (content.kind === "luks" ? [content.name] : [])),
    ...plan.groups.flatMap(({ name, volumes }) => volumes.map((volume) => mappedVolume(name, volume.name))),
  ];
  return [
    ...layers.flatMap(({ what, modules }): Refusal[] => {
      const lacking = modules.filter((module) => !host.modules.has(module));
      if (lacking.length === 0) return [];
      const message = `the kernel of this host knows no ${what}: it has no ${lacking.join(", ")}`;
      return [{ reason: "missing-kernel-support", message }];
    }),
    ...names
      .filter((name) => host.mapped.has(name))
      .map((name): Refusal => {
        const message = `this host has a "/dev/mapper/${name}" of its own; give the group or LUKS another name`;
        return { reason: "content", message };
      }),
    ...[...new Set(mounted)]
      .filter((type) => !host.fileSystems.has(type))
      .map((type): Refusal => {
        const message = `the kernel of this host cannot mount ${type}, and a tree is to be restored into one`;
        return { reason: "missing-kernel-support", message };
      }),
    ...[...neededTools]
      .filter((tool) => !host.hasTool(tool))
      .map((tool): Refusal => ({ reason: "missing-tool", message: `"${tool}" is not installed on this host` })),
  ];
}

interface Layer {
  readonly what: string;
  readonly tools: readonly string[];
  readonly modules: readonly string[];
}

/** What arrays, groups and encryption ask of kernel and tools. */
function layersOf({ arrays, groups }: DiskPlan, holders: readonly PlannedHolder[]): Layer[] {
  const modules = { raid0: "raid0", raid1: "raid1", raid5: "raid456", raid6: "raid456", raid10: "raid10" } as const;
  const levels = new Set(arrays.map(({ level }) => level));
  const hasLuks = holders.some((holder) => contentOf(holder).kind === "luks");
  return [
    ...[...levels].map((level) => ({
      what: `software RAID of ${level}`,
      tools: ["mdadm"],
      modules: [modules[level]],
    })),
    ...(groups.length > 0 ? [{ what: "LVM", tools: ["lvm", "dmsetup"], modules: ["dm_mod"] }] : []),
    ...(hasLuks ? [{ what: "LUKS", tools: ["cryptsetup", "dmsetup"], modules: ["dm_mod", "dm_crypt"] }] : []),
  ];
}
