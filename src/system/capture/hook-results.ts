import type { Consistency } from "../../core/manifest/manifest.ts";
import { HookFailedError } from "./errors.ts";
import type { HookResult } from "./ports.ts";

const levels: readonly Consistency[] = ["fuzzy", "crash", "filesystem", "application"];

/** What hooks said, all of them having ended well. @throws {HookFailedError} */
export function checkHooks(results: readonly HookResult[]): readonly HookResult[] {
  const failed = results.find(({ exitCode }) => exitCode !== 0);
  if (failed)
    throw new HookFailedError(
      failed.path,
      failed.timedOut ? "it ran out of time" : `it ended with status ${failed.exitCode}`,
      failed.output,
    );
  return results;
}

/** What a capture may promise once hooks have run: at least `level`, and more where one of them claims more. */
export function raiseConsistency(level: Consistency, hooks: readonly HookResult[]): Consistency {
  const claimed = hooks.map(({ consistency }) => levels.indexOf(consistency as Consistency));
  return levels[Math.max(levels.indexOf(level), ...claimed)] ?? level;
}
