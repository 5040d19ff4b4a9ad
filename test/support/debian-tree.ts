import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { run } from "./run.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const script = join(import.meta.dirname, "../lab/debian-tarball.sh");

/**
 * `dracut` has an initramfs as the RPM family makes it; `bare` has no kernel, and little but apt and systemd; `stack` has LVM, software
 * RAID and LUKS, and what builds disks.
 */
type Variant = "dracut" | "bare" | "stack";

/** The tarball of a real Debian system with kernel, initramfs and SSH server; made once, which takes a minute. */
export function debianTarball(...variant: readonly Variant[]): string {
  return run(script, ...variant).trim();
}

/** A real Debian system with kernel, initramfs and SSH server in a directory that goes with the test, without its documentation. */
export function debianTree(context: TestContext, ...variant: readonly Variant[]): string {
  return debianTreeIn(temporaryDirectory(context), ...variant);
}

/** The same in a directory of the test's own. */
export function debianTreeIn(directory: string, ...variant: readonly Variant[]): string {
  const tarball = debianTarball(...variant);
  const root = join(directory, "debian");
  mkdirSync(root);
  const left = ["usr/share/doc", "usr/share/man", "usr/share/locale"].map((path) => `--exclude=./${path}/*`);
  run("tar", "-xf", tarball, "-C", root, "--numeric-owner", ...left);
  return root;
}

/** Copies a tree with all that cp can copy. */
export function cloneTree(source: string, target: string): string {
  run("cp", "-a", "--reflink=auto", source, target);
  return target;
}
