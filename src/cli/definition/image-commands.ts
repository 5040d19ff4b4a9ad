import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { choiceOption, flag, operand, operandList, optionalOperand, textOption } from "./field.ts";

const imageSummary = "NAME, NAME:TAG, @ID or STORE#IMAGE";

/** `rehome images` as it was called. */
export interface ImagesCall {
  readonly name: string | undefined;
}

/** The definition of `rehome images`. */
export const imagesCommand: CommandDefinition<ImagesCall> = {
  summary: "List the images in the store",
  description: [
    "NEW is what the capture brought that the store did not have, STORED what that takes after compression.",
  ],
  fields: { name: optionalOperand("NAME", "image", "Only images of this name") },
  examples: [
    { line: "images", does: "all of them" },
    { line: "images web", does: "those of web" },
    { line: "images --json", does: "for programs" },
  ],
};

/** `rehome show` as it was called. */
export interface ShowCall {
  readonly image: string;
  readonly packages: boolean;
  readonly licenses: boolean;
  readonly secrets: boolean;
  readonly format: "cyclonedx" | undefined;
}

/** The definition of `rehome show`. */
export const showCommand: CommandDefinition<ShowCall> = {
  summary: "Show what an image is and needs",
  description: ["With --json the whole manifest; its schema is docs/format/manifest.schema.json."],
  fields: {
    image: operand("IMAGE", "image", imageSummary),
    packages: flag("List the installed packages"),
    licenses: flag("List the licences of the packages, with how many have each"),
    secrets: flag("List the files that hold private keys, password hashes, credentials or tokens"),
    format: choiceOption(["cyclonedx"], "Print what is installed as a bill of materials, CycloneDX 1.6 in JSON"),
  },
  examples: [
    { line: "show web", does: "the newest image of web" },
    { line: "show web:2 --packages", does: "what is installed in it" },
    { line: "show web --format cyclonedx", does: "what is in it, for tools that look for known flaws" },
    { line: "show web --secrets", does: "which secrets go along, or were left out" },
    { line: "show web --licenses --json", does: "its licences, for programs" },
  ],
};

/** `rehome ls` as it was called. */
export interface LsCall {
  readonly image: string;
  readonly path: string | undefined;
  readonly long: boolean;
  readonly recursive: boolean;
  readonly format: "mtree" | undefined;
}

/** The definition of `rehome ls`. */
export const lsCommand: CommandDefinition<LsCall> = {
  summary: "List the entries of an image",
  description: [
    "Names show control characters, backslashes and bytes that are not UTF-8 as `\\n`, `\\\\` and `\\xHH`; what is shown can be given as a PATH again.",
    "With -l: type and mode (`+`: it has extended attributes), owner and group as numbers, size in bytes or device numbers, time of modification. A further name of a file (a hard link) has the type `h` and shows the first name.",
  ],
  fields: {
    image: operand("IMAGE", "image", imageSummary),
    path: optionalOperand("PATH", "tree-path", "What to list. Default: the root"),
    long: flag("List modes, owners, sizes, times and targets", "l"),
    recursive: flag("List everything below PATH, with whole paths", "R"),
    format: choiceOption(
      ["mtree"],
      "Print all at and below PATH as mtree(5), with the SHA-256 of each file, for other tools to check a tree with",
    ),
  },
  examples: [
    { line: "ls web /etc -l", does: "what is in /etc" },
    { line: "ls web -R", does: "everything" },
    { line: "ls web /etc -R --json", does: "for programs" },
  ],
};

/** `rehome cat` as it was called. */
export interface CatCall {
  readonly image: string;
  readonly path: readonly string[];
  readonly raw: string | undefined;
}

/** The definition of `rehome cat`. */
export const catCommand: CommandDefinition<CatCall> = {
  summary: "Write files of an image to standard output",
  description: ["Writes the bytes as they are, each compared with its hash first."],
  fields: {
    image: operand("IMAGE", "image", imageSummary),
    path: operandList("PATH", "tree-path", "Regular files of the image", 0),
    raw: textOption("NAME", "nothing", "Write the raw stream NAME instead, zeros and all"),
  },
  examples: [
    { line: "cat web /etc/os-release", does: "to the terminal" },
    { line: "cat web:1 /var/lib/app.db > app.db", does: "into a file" },
    { line: "cat web --raw sda1 | file -", does: "a raw partition that was captured" },
  ],
  json: false,
};

/** `rehome diff` as it was called. */
export interface DiffCall {
  readonly before: string;
  readonly after: string;
}

/** The definition of `rehome diff`. */
export const diffCommand: CommandDefinition<DiffCall> = {
  summary: "List what differs between two images, or an image and a directory",
  description: [
    "Lines begin with `+` (only in AFTER), `-` (only in BEFORE) or `M` (in both, and different), which says what is different: kind, content, mode, owner, mtime, flags, xattrs, target, device or hard-link.",
  ],
  fields: {
    before: operand("BEFORE", "image-or-directory", "An image, or a directory (with a `/` in it)"),
    after: operand("AFTER", "image-or-directory", "An image, or a directory (with a `/` in it)"),
  },
  examples: [
    { line: "diff web:1 web:2", does: "what changed between two captures" },
    { line: "diff web ./rootfs", does: "what changed since the newest one" },
  ],
  statuses: { 4: "there are differences" },
};

/** `rehome tar` as it was called. */
export interface TarCall {
  readonly image: string;
  readonly output: string | undefined;
}

/** The definition of `rehome tar`. */
export const tarCommand: CommandDefinition<TarCall> = {
  summary: "Write an image as a tar archive",
  description: [
    "The archive is POSIX pax, which GNU tar and bsdtar read: with extended attributes and access lists (`--xattrs --xattrs-include='*' --acls`), owners, nanoseconds, holes and names of any bytes. What a tar cannot say, such as sockets, is left out and listed.",
  ],
  fields: {
    image: operand("IMAGE", "image", imageSummary),
    output: textOption("FILE", "file", "Write to FILE, which must not be there. Default: standard output"),
  },
  examples: [
    { line: "tar web > web.tar", does: "the newest image of web" },
    { line: "tar web:3 | zstd > web.tar.zst", does: "compressed" },
  ],
  json: false,
  statuses: { 4: "the store is damaged; what was written is not whole", 6: "written, but without what is listed" },
};

/** `rehome tag` as it was called. */
export interface TagCall {
  readonly image: string;
  readonly tag: string;
  readonly dryRun: boolean;
}

/** The definition of `rehome tag`. */
export const tagCommand: CommandDefinition<TagCall> = {
  summary: "Give an image a further tag",
  description: ["The image keeps the tags that it has. A tag that another image has is refused."],
  fields: {
    image: operand("IMAGE", "image", imageSummary),
    tag: operand("TAG", "nothing", "A word that begins with a letter: a-z, 0-9, `.`, `_`, `-`"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [{ line: "tag web:1 golden", does: "web:golden is web:1" }],
  statuses: { 3: "the tag is taken" },
};

/** `rehome sign` as it was called. */
export interface SignCall {
  readonly image: string;
  readonly keyFile: string;
  readonly dryRun: boolean;
}

/** The definition of `rehome sign`. */
export const signCommand: CommandDefinition<SignCall> = {
  summary: "Sign an image under its name",
  description: [
    "The signature says that IMAGE, with every file in it, is what NAME:TAG is to mean; it lies in the store and goes with the image. Where trusted signers are configured (`trusted-signers`, --trusted-signers), an image is only used if one of them signed it, and by a name only if it is signed under that name: a further tag needs a signature of its own.",
    "Anybody can verify it: docs/how-to/sign-images.md says how, with openssl alone.",
  ],
  fields: {
    image: operand("IMAGE", "image", imageSummary),
    keyFile: operand("KEY", "file", "Ed25519 private key in PEM, as `openssl genpkey -algorithm ed25519` makes it"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "sign web:3 release.pem", does: "release.pem vouches for web:3" },
    { line: "sign web:golden release.pem", does: "and for what web:golden is" },
  ],
};

/** `rehome rm` as it was called. */
export interface RmCall {
  readonly image: readonly string[];
  readonly dryRun: boolean;
}

/** The definition of `rehome rm`. */
export const rmCommand: CommandDefinition<RmCall> = {
  summary: "Remove names of images",
  description: [
    "NAME:TAG removes that one name; @ID removes all names of the image. What no name leads to any more is freed by `rehome store prune`.",
  ],
  fields: {
    image: operandList("IMAGE", "image", "NAME:TAG or @ID", 1),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "rm web:1", does: "one name" },
    { line: "rm web:1 web:2 -n", does: "what would be removed" },
  ],
};
