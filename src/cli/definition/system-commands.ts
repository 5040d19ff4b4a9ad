import { parseSize } from "../../core/size.ts";
import { wholeNumber } from "../values/whole-number.ts";
import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { choiceOption, flag, listOption, operand, optionalOperand, parsedOption, textOption } from "./field.ts";

/** `rehome capture` as it was called. */
export interface CaptureCall {
  readonly system: string | undefined;
  readonly fromTar: string | undefined;
  readonly name: string | undefined;
  readonly exclude: readonly string[];
  readonly excludeFrom: readonly string[];
  readonly noDefaultExcludes: boolean;
  readonly includeMount: readonly string[];
  readonly oneFileSystem: boolean;
  readonly redact: boolean;
  readonly add: readonly string[];
  readonly raw: readonly string[];
  readonly rehash: boolean;
  readonly sign: string | undefined;
  readonly checkPackages: "changed" | "all" | undefined;
  readonly level: number | undefined;
  readonly rate: number | undefined;
  readonly idle: boolean;
  readonly dryRun: boolean;
}

/** The definition of `rehome capture`. */
export const captureCommand: CommandDefinition<CaptureCall> = {
  summary: "Capture a system into an image",
  description: [
    "Stores all that the system's file systems hold, with every owner, time, attribute and hole, as an image that gets the next number as its tag. Only what the store does not have yet is stored; files that did not change since the last capture are not read again.",
    "For `/`, network, FUSE, removable and pseudo file systems, the store itself, swap files and caches are left out and listed. An excluded directory stays in the image as an empty one.",
    "An image carries the secrets of its system; those that are known by their paths are counted, and `rehome show --secrets` lists them. With --redact they stay as empty files with their metadata, and so does every text in whose first 256 KiB a private key, a line of password hashes or a known token is found; binary files and what is longer than 64 MiB are not looked into. With -n they are listed as far as their paths tell.",
    "With --add the image has a file or directory at a PLACE where the system has none or another, such as notes or a configuration for its new home; patterns do not hold for it, and other file systems below it are not entered. Directories on the way that are missing belong to root (0755); a symlink on the way is refused. `rehome show --json` lists what was added.",
    "With --raw a partition whose file system is foreign goes along byte for byte as a stream: zeros take no room, what the store has is not stored again, and all of it is read each time. Who may write to it meanwhile is refused: unmount it before, or mount it read-only; while it is read, nobody can mount it. `rehome restore --raw` writes it back.",
    "With --from-tar the archive, compressed or not, is extracted into the state directory by bsdtar, which needs root and room for it, and captured as a directory; the extracted tree does not stay, whatever happens. An archive that does not come out whole is refused.",
    "An interrupted capture stores nothing under a name; the same command again finds what was stored.",
  ],
  fields: {
    system: optionalOperand("SYSTEM", "system", "`/` for this host, a directory (with a `/` in it), or machine:NAME"),
    fromTar: textOption("FILE", "file", "Capture what is in a tar archive, instead of a SYSTEM"),
    name: textOption(
      "NAME",
      "nothing",
      "Name of the image. Default: the name of the host, the machine or the directory",
    ),
    exclude: listOption("PATTERN", "nothing", "Leave out what matches this gitignore pattern, relative to the root"),
    excludeFrom: listOption(
      "FILE",
      "file",
      "Read patterns from FILE, one a line, `#` for remarks; `-` is standard input",
    ),
    noDefaultExcludes: flag("Leave out nothing but what was asked for, not even caches of `/`"),
    includeMount: listOption("DIR", "directory", "Take the file system mounted at DIR although it would be left out"),
    oneFileSystem: flag("Enter no other file system than the root's"),
    redact: flag("Leave out the contents of private keys, password hashes, credentials and tokens"),
    sign: textOption("KEY", "file", "Sign the image under its name with this Ed25519 private key (PEM)"),
    add: listOption(
      "SRC:PLACE",
      "file",
      "Also take a file or directory of this host, at PLACE in the tree, instead of what is there",
    ),
    raw: listOption(
      "[NAME=]DEV",
      "file",
      "Also take a partition, or a file, byte for byte. Default of NAME: the last part of the path",
    ),
    rehash: flag("Read all files, also those that look unchanged"),
    checkPackages: choiceOption(
      ["changed", "all"],
      "Which files to compare with what their package brought. Default: changed",
    ),
    level: parsedOption(
      "N",
      wholeNumber("level", 1, 19),
      "zstd level, 1 to 19. Default: as fast as 1, nearly as small as 3",
    ),
    rate: parsedOption("SIZE", parseSize, "Read at most so much a second, such as 20MiB or 500M"),
    idle: flag("Use processor and disk only when nothing else does"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "capture /", does: "this host, as it runs" },
    {
      line: "capture ./rootfs --name web --exclude 'var/cache/**'",
      does: "a directory, without what is in its caches",
    },
    { line: "capture machine:web --rate 50MiB --idle", does: "a systemd-nspawn machine, gently" },
    { line: "capture / --redact", does: "this host without its keys and password hashes" },
    { line: "capture --from-tar web.tar --name web", does: "a tar archive, such as `docker export` writes" },
    { line: "capture ./rootfs --sign release.pem", does: "for hosts that only use what release.pem signed" },
    { line: "capture / --add ./notes:/root/notes", does: "this host, with notes for whoever restores it" },
    { line: "capture / --raw /dev/sda1", does: "this host, and a partition of another system as it is" },
    { line: "capture / -n", does: "what would be taken and left out" },
  ],
  statuses: { 3: "the system cannot be captured so", 6: "captured, but some entries could not be read" },
};

/** `rehome restore` as it was called. */
export interface RestoreCall {
  readonly image: string;
  readonly directory: string | undefined;
  readonly raw: readonly string[];
  readonly yesErase: readonly string[];
  readonly path: string | undefined;
  readonly as: string | undefined;
  readonly verify: boolean;
  readonly intoExisting: boolean;
  readonly delete: boolean;
  readonly noBackup: boolean;
  readonly dryRun: boolean;
}

/** The definition of `rehome restore`. */
export const restoreCommand: CommandDefinition<RestoreCall> = {
  summary: "Restore an image to a directory",
  description: [
    "Writes the tree beside DIR and renames it at the end, so that DIR is complete or not there. Where DIR is a mount point it is written in place. A directory that is not empty is refused, unless --into-existing makes it converge to the image.",
    "Files whose contents were left out at the capture (--redact) become empty files and are listed; with --into-existing a file that DIR has keeps its content.",
    "With --as the tree becomes a system of its own: once it is written, read back and equal to the image, all that `rehome prepare --identity reset --hostname HOSTNAME` does is done to it, and only then it takes its place. So DIR is never a second copy of the same system.",
    "With --raw the stream NAME, which a capture took byte for byte (`rehome show` lists them), goes to a device that is large enough, and is read back. A device that is mounted or in use is refused; one that holds something is refused unless it is named a second time with --yes-erase, and cannot be brought back then. All targets are looked at before anything is written: first the tree, then files, then devices.",
    "An interrupted restore goes on where it was when the same command is given again.",
  ],
  fields: {
    image: operand("IMAGE", "image", "NAME, NAME:TAG, @ID or STORE#IMAGE"),
    directory: optionalOperand(
      "DIR",
      "directory",
      "Where to put the tree; made if it is missing. With --raw it may be left out: then streams alone are restored",
    ),
    raw: listOption("NAME=DEV", "file", "Write the raw stream NAME to a block device, or to a file that is not there"),
    yesErase: listOption("DEV", "file", "With --raw: what is on DEV may be lost"),
    path: textOption("PATH", "tree-path", "Restore only what is at and below this path of the image"),
    as: textOption("HOSTNAME", "nothing", "Make the tree another system of this name before it takes its place"),
    verify: flag("Read everything back from the device afterwards and compare it"),
    intoExisting: flag("Change what is in DIR until it equals the image; only what differs is written"),
    delete: flag("With --into-existing: remove what the image does not have"),
    noBackup: flag("With --into-existing: do not capture what is about to change"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "restore web ./new", does: "the newest image of web into a new directory" },
    { line: "restore web:3 /mnt/target --verify", does: "onto a mounted file system, and read it back" },
    { line: "restore web ./new --as web2", does: "a new system from it, with its own machine-id, host keys and name" },
    { line: "restore web ./keys --path etc/ssh", does: "one directory of it" },
    { line: "restore web:1 ./rootfs --into-existing --delete", does: "back to how it was" },
    { line: "restore web --raw sda1=/dev/sdb1 --yes-erase /dev/sdb1", does: "a raw partition over another" },
  ],
  statuses: {
    3: "DIR cannot take the image; nothing was changed",
    4: "the store is damaged, or --verify found differences",
    6: "restored, but DIR could not hold all that is listed",
  },
};

/** `rehome verify` as it was called. */
export interface VerifyCall {
  readonly image: string;
  readonly against: string | undefined;
}

/** The definition of `rehome verify`. */
export const verifyCommand: CommandDefinition<VerifyCall> = {
  summary: "Verify an image, or a tree that was restored from it",
  description: [
    "Reads every byte of the image from the store and compares it with its hash. With --against, reads the tree in DIR back from its device and compares content and all metadata with the image; contents that were left out at the capture (--redact) are not compared. Changes nothing.",
  ],
  fields: {
    image: operand("IMAGE", "image", "NAME, NAME:TAG, @ID or STORE#IMAGE"),
    against: textOption("DIR", "directory", "Compare the tree in DIR with the image"),
  },
  examples: [
    { line: "verify web", does: "everything the image needs is in the store and intact" },
    { line: "verify web --against ./new", does: "./new is what was captured" },
  ],
  statuses: { 4: "something is damaged, or differs" },
};
