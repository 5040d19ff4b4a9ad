import { chmodSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { capture, restore } from "../../src/index.ts";
import { testPlace, type Place } from "./place.ts";

/** A captured tree with directories, files, further names and links. */
export interface SmallSystem {
  readonly place: Place;
  readonly tree: string;
  /** A place for a copy, on the same file system. */
  readonly target: string;
  /** Restores the image, `web`, into `target`. */
  readonly put: (options?: Parameters<typeof restore>[2], image?: string) => ReturnType<typeof restore>;
}

/** Makes a small system and captures it under the name `web`. */
export async function smallSystem(context: TestContext, below?: string): Promise<SmallSystem> {
  const place = testPlace(context, below);
  const tree = join(place.directory, "tree");
  for (const folder of ["etc/ssh", "usr/bin", "var/empty"]) mkdirSync(join(tree, folder), { recursive: true });
  for (const path of ["etc/passwd", "etc/ssh/key", "usr/bin/one", "z"])
    writeFileSync(join(tree, path), `content of ${path}`);
  linkSync(join(tree, "etc/passwd"), join(tree, "usr/bin/passwd-link"));
  linkSync(join(tree, "etc/passwd"), join(tree, "usr/bin/second-link"));
  symlinkSync("one", join(tree, "usr/bin/two"));
  chmodSync(join(tree, "etc/ssh/key"), 0o600);
  chmodSync(join(tree, "usr"), 0o711);
  for (const path of ["usr", "etc/ssh", "etc", ""]) utimesSync(join(tree, path), 1_000_000_000, 1_000_000_000);
  await capture(tree, { paths: place.paths, name: "web" });
  const target = join(place.directory, "target");
  return {
    place,
    tree,
    target,
    put: (options, image = "web") => restore(image, target, { paths: place.paths, ...options }),
  };
}
