import { fileURLToPath } from "node:url";

/**
 * A tool that captures and restores trees. Commands are bash; SRC is the tree, REPO an empty directory for what is
 * stored, STATE one for what is not, DST the path to restore to: its parent exists, it does not.
 */
export interface Tool {
  readonly name: string;
  /** What a report calls it. */
  readonly title: string;
  readonly prepare: string;
  /** `$N` is the number of the capture, from 1. */
  readonly capture: string;
  readonly restore: string;
  /** False where every capture is a full one. */
  readonly incremental: boolean;
}

const launcher = fileURLToPath(new URL("../../bin/rehome", import.meta.url));

/** Passed to every command of every tool. */
export function toolEnvironment(place: string): Readonly<Record<string, string>> {
  return {
    REPO: `${place}/repo`,
    STATE: `${place}/state`,
    REHOME: launcher,
    REHOME_STATE_DIR: `${place}/state`,
    RESTIC_PASSWORD: "x",
    RESTIC_CACHE_DIR: `${place}/state/restic`,
    BORG_BASE_DIR: `${place}/state/borg`,
    BORG_RELOCATED_REPO_ACCESS_IS_OK: "yes",
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
  };
}

export const tools: readonly Tool[] = [
  {
    name: "tar",
    title: "tar -S \\| zstd -3 -T0",
    prepare: ":",
    capture:
      "tar --xattrs --xattrs-include='*' --acls --numeric-owner -S -C $SRC -cf - . | zstd -q -f -3 -T0 -o $REPO/image",
    restore:
      "mkdir $DST && zstd -dcq $REPO/image | tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpf - -C $DST",
    incremental: false,
  },
  {
    name: "restic",
    title: "restic",
    prepare: "restic -q -r $REPO/r init",
    capture: "cd $SRC && restic -q -r $REPO/r backup --compression auto .",
    restore: "restic -q -r $REPO/r restore latest --target $DST",
    incremental: true,
  },
  {
    name: "borg",
    title: "borg -e none, zstd,3",
    prepare: "borg init -e none $REPO/r",
    capture: "cd $SRC && borg create --compression zstd,3 --numeric-ids $REPO/r::c$N .",
    restore:
      "mkdir $DST && cd $DST && borg extract --numeric-ids --sparse $REPO/r::$(borg list --short --last 1 $REPO/r)",
    incremental: true,
  },
  {
    name: "rehome",
    title: "rehome",
    prepare: ":",
    capture: "exec $REHOME capture $SRC --name bench --store $REPO/r --json -q",
    restore: "exec $REHOME restore bench $DST --store $REPO/r --json -q",
    incremental: true,
  },
];
