import assert from "node:assert/strict";
import { closeSync, linkSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import * as libc from "../../src/host/libc.ts";

/** Makes nested directories of one name below `root`, step by step, so that no path is too long; `fill` is given a short path to each. */
export function makeNested(
  root: string,
  levels: number,
  name: string,
  fill: (path: string, level: number) => void = () => undefined,
): void {
  let directory = openSync(root, "r");
  for (let level = 0; level < levels; level++) {
    fill(`/proc/self/fd/${directory}`, level);
    assert.equal(libc.mkdirat(directory, libc.cString(name), 0o755), 0);
    const next = libc.openat(directory, libc.cString(name), libc.O_RDONLY | libc.O_DIRECTORY, 0);
    closeSync(directory);
    directory = next;
  }
  fill(`/proc/self/fd/${directory}`, levels);
  closeSync(directory);
}

/** Puts a file with an attribute, a further name of it and a symlink into a directory. */
export function fillDirectory(path: string, level: number): void {
  writeFileSync(`${path}/file`, `content ${level}`);
  linkSync(`${path}/file`, `${path}/further`);
  symlinkSync("file", `${path}/link`);
  const value = Buffer.from(String(level));
  libc.lsetxattr(libc.cString(`${path}/file`), libc.cString("user.level"), value, value.length, 0);
}
