import { runTool } from "../processes.ts";

/** Removing a large tree takes as long as it takes. */
const timeoutMs = 2 ** 31 - 1;

/** Removes a tree however deep it is, with immutable and append-only files in it; does nothing if there is none. Enters no mount. */
export async function removeTree(path: string): Promise<void> {
  const words = ["-rf", "--one-file-system", "--", path];
  const { exitCode } = await runTool("rm", words, { timeoutMs });
  if (exitCode === 0) return;
  await runTool("chattr", ["-R", "-f", "-i", "-a", "--", path], { timeoutMs });
  await runTool("rm", words, { timeoutMs, mustSucceed: true });
}
