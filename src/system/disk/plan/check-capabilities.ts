import { makerOf } from "../commands/make-file-system.ts";
import type { Refusal } from "../layout/errors.ts";
import type { DiskPlan } from "./disk-plan.ts";

/** What this host can do. */
export interface HostCapabilities {
  /** File systems that the kernel can mount. */
  readonly fileSystems: ReadonlySet<string>;
  readonly hasTool: (name: string) => boolean;
}

/** What a plan needs and the kernel or the tools of this host lack, each by name. `tools` are needed whatever the plan holds. */
export function checkCapabilities(plan: DiskPlan, host: HostCapabilities, tools: readonly string[]): Refusal[] {
  const contents = plan.disks.flatMap(({ partitions }) => partitions.map(({ content }) => content));
  const made = contents.filter((content) => content.kind === "file-system" || content.kind === "swap");
  const mounted = made.flatMap((content) =>
    content.kind === "file-system" && content.mountPoint !== undefined && content.type !== "vfat" ? [content.type] : [],
  );
  const fat = made.some((content) => content.kind === "file-system" && content.type === "vfat") ? ["mcopy"] : [];
  const neededTools = new Set([...tools, ...made.map(makerOf), ...fat]);
  return [
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
