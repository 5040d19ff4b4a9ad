import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ToolFailedError, findTool, runTool } from "../processes.ts";

/** The longest time a timer of Node can wait. */
const timeoutMs = 2 ** 31 - 1;

/** bsdtar keeps the bytes of such names, which is what is wanted, and says so as if it had failed. */
const harmless =
  /^bsdtar: (?:(?:Pathname|Linkname) can't be converted from UTF-8 to current locale\.|Error exit delayed from previous errors\.)$/;

/**
 * Extracts a tar, compressed or not, as a new directory in the empty `directory`, and returns its path. It has all that bsdtar can bring back: owners as numbers, ACLs,
 * extended attributes, inode flags, and the metadata of the root (of root's and mode 755 where the archive has no entry for it). Nothing is written outside, whatever the archive says. It ends
 * with this process, also when that is killed.
 *
 * @throws {ToolFailedError} If bsdtar is missing, or something of the archive could not be read or written.
 */
export async function extractTar(file: string, directory: string, signal?: AbortSignal): Promise<string> {
  if (findTool("bsdtar") === undefined) throw new ToolFailedError("bsdtar", "not-found", "it is not installed");
  const metadata = ["--numeric-owner", "--acls", "--xattrs", "--fflags"];
  // Names get a prefix (targets of symlinks do not), so that the root is an entry too and keeps its times.
  const words = ["-xpf", file, "-C", directory, ...metadata, "-s", ",^,tree/,S"];
  // A root without an entry is made by the mask that the program starts with.
  const mask = process.umask(0o022);
  const extracting = runTool("setpriv", ["--pdeathsig", "KILL", "--", "bsdtar", ...words], {
    timeoutMs,
    ...(signal && { signal }),
  });
  process.umask(mask);
  const { exitCode, stderr } = await extracting;
  const complaints = stderr.split("\n").filter((line) => line !== "" && !harmless.test(line));
  if (complaints.length > 0 || exitCode > 1)
    throw new ToolFailedError("bsdtar", "exit-status", `"${file}" did not come out whole`, {
      exitCode,
      stderr: complaints.join("\n"),
    });
  const tree = join(directory, "tree");
  // An archive may be empty.
  mkdirSync(tree, { recursive: true, mode: 0o755 });
  return tree;
}
