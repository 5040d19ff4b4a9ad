import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Content of the one file with names that are no text. */
export const oddContent = "found it\n";

const hosts = "127.0.0.1 localhost\n";
const osRelease = 'NAME="Test"\nPRETTY_NAME="Test \u001b[31mGNU/Linux"\n';
const blobBytes = 300_000;

/** Sum of the sizes of the files in the tree. */
export const treeBytes: number = hosts.length + osRelease.length + oddContent.length + blobBytes;

/** Makes a small tree that any user may make, with a name that is not UTF-8 and one that would clear the screen. */
export function makeSmallTree(directory: string): string {
  const etc = join(directory, "etc");
  mkdirSync(etc, { recursive: true });
  writeFileSync(join(etc, "os-release"), osRelease);
  writeFileSync(join(etc, "hosts"), hosts, { mode: 0o640 });
  symlinkSync("hosts", join(etc, "link"));
  linkSync(join(etc, "hosts"), join(etc, "second"));
  writeFileSync(Buffer.concat([Buffer.from(join(etc, "caf")), Buffer.from([0xe9])]), oddContent);
  writeFileSync(join(etc, "\u001b[2J"), "");
  writeFileSync(join(directory, "blob"), Buffer.alloc(blobBytes, "rehome"));
  return directory;
}
