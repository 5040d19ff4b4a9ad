import type { BuildContext } from "../checkpoint/constructor.ts";

/** Where an output goes: an absolute path of this host, else in the work area, where later checkpoints find it. */
export function outputPath(output: string, work: string): string {
  return output.startsWith("/") ? output : `${work}/${output}`;
}

/** Keeps what has to be taken back. Durable on return. */
export async function rememberOutput({ remember }: Pick<BuildContext, "remember">, path: string): Promise<void> {
  await remember({ path, sinceMs: Date.now() });
}

/** Takes back the disk that an earlier run has made, or had begun. */
export async function withdrawRemembered({
  ports,
  remembered,
}: Pick<BuildContext, "ports" | "remembered">): Promise<void> {
  const before = remembered as { readonly path: string; readonly sinceMs: number } | null;
  if (before !== null) await ports.disks.withdraw(before.path, before.sinceMs);
}
