import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  type Stats,
} from "node:fs";
import { posix } from "node:path";
import { byteStringFromText } from "../../core/tree/byte-string.ts";
import type { LocalFiles, ProgramOptions, Programs } from "../../journeys/build/ports.ts";
import { openInRoot } from "../facts/openat2.ts";
import * as libc from "../libc.ts";
import { ToolFailedError } from "../processes.ts";
import { SystemCallError } from "../system-call-error.ts";

/** The {@link LocalFiles} of this machine; copies are made by cp(1), contained as all programs of a build. */
export function localFiles(programs: Pick<Programs, "runOnHost">): LocalFiles {
  return {
    async fingerprint(path) {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found === undefined) return undefined;
      const hash = createHash("sha256");
      await addToHash(hash, path, "", found);
      return hash.digest("hex");
    },
    async copyIntoTree(root, { from, to, keepsOwners, mode }, options) {
      const target = `${parentInTree(root, to)}/${posix.basename(to)}`;
      // Who builds the tree owns what is put into it; a name that is there already is replaced, never followed.
      const owners = keepsOwners ? [] : ["--no-preserve=ownership"];
      const how = ["-a", ...owners, "--reflink=auto", "--remove-destination", "--no-target-directory"];
      await run(programs, ["cp", ...how, "--", from, target], options);
      // chmod(1) would follow a symlink.
      if (mode !== undefined && !lstatSync(target).isSymbolicLink())
        await run(programs, ["chmod", "--", mode, target], options);
    },
    isInTree(root, path) {
      const directory = openSync(root, libc.O_PATH | libc.O_DIRECTORY);
      try {
        const file = openInRoot(directory, byteStringFromText(path), libc.O_PATH | libc.O_CLOEXEC);
        if (file === undefined) return false;
        try {
          return fstatSync(file).isFile();
        } finally {
          libc.close(file);
        }
      } finally {
        closeSync(directory);
      }
    },
  };
}

async function run(
  programs: Pick<Programs, "runOnHost">,
  argv: readonly string[],
  options: ProgramOptions,
): Promise<void> {
  const exitCode = await programs.runOnHost(argv, options);
  if (exitCode === 0) return;
  const [command = ""] = argv;
  throw new ToolFailedError(command, "exit-status", `it ended with status ${exitCode}`, { exitCode });
}

async function addToHash(hash: Hash, path: string, name: string, stats: Stats): Promise<void> {
  const { mode, size } = stats;
  if (stats.isDirectory()) {
    hash.update(`d ${JSON.stringify(name)} ${mode}\n`);
    for (const child of readdirSync(path).toSorted())
      await addToHash(hash, `${path}/${child}`, `${name}/${child}`, lstatSync(`${path}/${child}`));
  } else if (stats.isSymbolicLink()) hash.update(`l ${JSON.stringify([name, readlinkSync(path)])}\n`);
  else if (stats.isFile()) {
    hash.update(`f ${JSON.stringify(name)} ${mode} ${size}\n`);
    for await (const part of createReadStream(path)) hash.update(part as Buffer);
  } else hash.update(`o ${JSON.stringify(name)} ${mode}\n`);
}

/** The real path of the directory that `to` goes to, with symlinks followed inside the tree alone; made if it is absent. */
function parentInTree(root: string, to: string): string {
  const directory = openSync(root, libc.O_PATH | libc.O_DIRECTORY);
  try {
    let path = "";
    let real = readlinkSync(`/proc/self/fd/${directory}`);
    for (const name of posix
      .normalize(`/${posix.dirname(to)}`)
      .split("/")
      .filter(Boolean)) {
      path = path === "" ? name : `${path}/${name}`;
      const flags = libc.O_PATH | libc.O_DIRECTORY | libc.O_CLOEXEC;
      const tree = byteStringFromText(path);
      let opened = openInRoot(directory, tree, flags);
      if (opened === undefined) {
        mkdirSync(`${real}/${name}`, { mode: 0o755 });
        opened = openInRoot(directory, tree, flags);
      }
      if (opened === undefined) throw new SystemCallError("open", tree);
      real = readlinkSync(`/proc/self/fd/${opened}`);
      libc.close(opened);
    }
    return real;
  } finally {
    closeSync(directory);
  }
}
