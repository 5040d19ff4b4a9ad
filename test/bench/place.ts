import { mkdirSync, rmSync } from "node:fs";

import { run } from "./measure.ts";

/** Where stores and restored trees lie: in memory, or on an ext4 in a file. */
export type PlaceKind = "tmpfs" | "ext4";

/**
 * An empty file system for one run of one tool, gone when disposed.
 *
 * It is newly made each time: on an ext4 where a big tree was deleted within the last minutes, creating inodes is
 * quadratic and restores take several times as long.
 */
export function freshPlace(kind: PlaceKind, work: string): Disposable & { readonly path: string } {
  const path = `${work}/place`;
  const image = `${work}/place.img`;
  removePlace(work);
  mkdirSync(path, { recursive: true });
  if (kind === "tmpfs") {
    run(`mount -t tmpfs -o size=90%,nr_inodes=0,mode=700 rehome-bench "${path}"`);
  } else {
    run(`truncate -s 14G "${image}" &&
      mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 -N 400000 "${image}" && mount -o loop "${image}" "${path}"`);
  }
  mkdirSync(`${path}/repo`);
  mkdirSync(`${path}/state`);
  mkdirSync(`${path}/restored`);
  return { path, [Symbol.dispose]: () => removePlace(work) };
}

/** Removes what this or an interrupted run left. */
export function removePlace(work: string): void {
  run(`while mountpoint -q "${work}/place"; do umount "${work}/place"; done`);
  rmSync(`${work}/place.img`, { force: true });
}
