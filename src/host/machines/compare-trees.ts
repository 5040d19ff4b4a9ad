import { runTool, ToolFailedError } from "../processes.ts";

/** Reading two trees takes as long as it takes. */
const timeoutMs = 2 ** 31 - 1;
/** diff(1) says so of two FIFOs, sockets or device nodes, which it does not look into. */
const sameKind = /^File .* is an? (.+) while file .* is an? \1$/;

/**
 * Reads two trees and asserts that they hold the same files with the same contents. Follows no symlink.
 *
 * @throws {ToolFailedError} Naming what differs first. @throws {InterruptedError}
 */
export async function assertSameFiles(one: string, other: string, signal?: AbortSignal): Promise<void> {
  const differences: string[] = [];
  const { exitCode } = await runTool("diff", ["--recursive", "--brief", "--no-dereference", "--", one, other], {
    timeoutMs,
    onLine: (line) => {
      if (!sameKind.test(line) && differences.length < 3) differences.push(line);
    },
    ...(signal && { signal }),
  });
  if (exitCode > 1 || differences.length > 0)
    throw new ToolFailedError("diff", "exit-status", "the copy is not what was copied", {
      exitCode,
      stderr: differences.join("\n"),
    });
}
