import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "./temporary-directory.ts";

const checkout = join(import.meta.dirname, "../..");

/** What `scripts/release` made; absolute paths. */
export interface Release {
  readonly directory: string;
  readonly archive: string;
  readonly debianPackage: string;
  /** What it said on the way. */
  readonly messages: string;
}

/** Makes a release in `directory`, compressed as little as possible, from a checkout. */
export function makeRelease(
  directory: string,
  environment: NodeJS.ProcessEnv = {},
  { from = checkout, umask = "022" }: { readonly from?: string; readonly umask?: string } = {},
): Release {
  const words = ["-c", 'umask "$1"; exec "$2" "$3"', "sh", umask, join(from, "scripts/release"), directory];
  const { status, stderr } = spawnSync("sh", words, {
    encoding: "utf8",
    env: { ...process.env, REHOME_SIGNING_KEY: undefined, ZSTD_CLEVEL: "1", ...environment },
  });
  assert.equal(status, 0, stderr);
  const names = readdirSync(directory);
  const find = (ending: string): string => join(directory, names.find((name) => name.endsWith(ending)) ?? ending);
  return { directory, archive: find("-linux-x64.tar.zst"), debianPackage: find("_amd64.deb"), messages: stderr };
}

let made: Release | undefined;

/** A release of this checkout, made once for all tests of a file. */
export function releaseOnce(): Release {
  if (made === undefined) {
    const directory = mkdtempSync(join(tmpdir(), "rehome-test-"));
    process.once("exit", () => removeTree(directory));
    made = makeRelease(directory);
  }
  return made;
}
