import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { run } from "./measure.ts";

const lab = fileURLToPath(new URL("../lab/", import.meta.url));

/**
 * Makes `tree`: a copy of the directory `from`, or else a Debian 12 system of about 0.73 GB, and in it the directory
 * `torture` with every hard case.
 */
export function makeTree(tree: string, from: string | undefined): void {
  removeTree(tree);
  mkdirSync(tree, { recursive: true });
  if (from === undefined)
    run(`tar -xpf "$(${lab}debian-tarball.sh)" --xattrs --xattrs-include='*' --numeric-owner -C "${tree}"`);
  else run(`cp -a "${from}/." "${tree}/"`);
  run(`[ -e "${tree}/torture" ] || ${lab}torture-tree.sh "${tree}/torture"`);
}

export function removeTree(tree: string): void {
  run(
    `[ ! -e "${tree}" ] || { chattr -R -i -a "${tree}/torture" 2>/dev/null || true; rm -rf --one-file-system "${tree}"; }`,
  );
}

/** Reads all of `tree`, so that every tool finds it in the page cache. */
export function warmTree(tree: string): void {
  run(`sync; tar -C "${tree}" -cf - . 2>/dev/null | cat > /dev/null`);
}

/** Exit status of the strict comparison of two trees, and what it said. */
export function compareTrees(source: string, restored: string): string {
  return run(`${lab}compare-trees.sh --flags "${source}" "${restored}" 2>&1 || echo "status $?"`);
}

/**
 * Changes about 1 % of `tree`: a line more in 300 files of /usr, and a new file of 20 MB. Disposing puts the old files
 * back. Waits until the change is old enough that no tool doubts time stamps.
 */
export async function changeTree(tree: string, work: string): Promise<AsyncDisposable> {
  const kept = `${work}/kept`;
  run(`rm -rf "${kept}"; mkdir -p "${kept}"; cd "${tree}"
    find usr -xdev -type f -size +0 -size -200k -links 1 | LC_ALL=C sort | awk 'NR % 30 == 0' | awk 'NR <= 300' > "${work}/changed"
    xargs -d '\\n' cp -a --parents -t "${kept}" < "${work}/changed"
    while IFS= read -r file; do echo "# changed" >> "$file"; done < "${work}/changed"
    head -c 20000000 /dev/urandom > var/random-20mb`);
  await settle();
  return {
    async [Symbol.asyncDispose]() {
      run(`rm -f "${tree}/var/random-20mb"; cp -a "${kept}/." "${tree}/"; rm -rf "${kept}"`);
      await settle();
    },
  };
}

/** Makes a million files of 60 to 180 bytes, no two alike, in a thousand directories. */
export function makeMillionFiles(tree: string): void {
  for (let directory = 0; directory < 1000; directory += 1) {
    const path = `${tree}/d${directory % 10}/directory-${directory}`;
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 1000; file += 1) {
      const handle = openSync(`${path}/some-file-${file}.txt`, "wx");
      writeSync(handle, `file ${file} of directory ${directory}\n`.repeat(2 + (file % 4)));
      closeSync(handle);
    }
  }
}

async function settle(): Promise<void> {
  run("sync");
  await sleep(2500);
}
