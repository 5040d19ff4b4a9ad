import type { ByteString } from "../../core/tree/byte-string.ts";
import type { Entry } from "../../core/tree/entry.ts";
import { formatFlagWords } from "./flag-words.ts";

/** The first line of a list. */
export const mtreeSignature = "#mtree";

/**
 * One entry as a line of mtree(5) that `bsdtar` and `mtree` read: whole paths, owners as numbers, times to the nanosecond. Undefined
 * for a further name whose first one is not there; a socket, for which readers have no word, is a remark.
 *
 * @param sha256 Of a regular file's content, in hex.
 * @param target The entry that a further name leads to.
 */
export function formatMtreeLine(
  entry: Entry,
  sha256: string | undefined,
  target: Entry | undefined,
): string | undefined {
  const shown = entry.kind === "link" ? target : entry;
  if (shown === undefined || shown.kind === "link") return undefined;
  const name = entry.path === "" ? "." : `./${escape(entry.path)}`;
  // bsdtar takes a socket for a mistake.
  if (shown.kind === "socket") return `# ${name} is a socket`;
  const type = typeWords[shown.kind];
  const { mode, uid, gid, mtimeSec, mtimeNsec, flags } = shown;
  const flagWords = formatFlagWords(flags);
  const words = [
    name,
    `type=${type}`,
    `mode=${mode.toString(8).padStart(4, "0")}`,
    `uid=${uid}`,
    `gid=${gid}`,
    `time=${mtimeSec}.${String(mtimeNsec).padStart(9, "0")}`,
    ...(shown.kind === "file" ? [`size=${shown.sizeBytes}`] : []),
    ...(sha256 === undefined ? [] : [`sha256digest=${sha256}`]),
    ...(shown.kind === "symlink" ? [`link=${escape(shown.target)}`] : []),
    ...(shown.kind === "character-device" || shown.kind === "block-device"
      ? [`device=native,${shown.major},${shown.minor}`]
      : []),
    ...(flagWords === "" ? [] : [`flags=${flagWords}`]),
  ];
  return words.join(" ");
}

const typeWords: Readonly<Record<Exclude<Entry["kind"], "link" | "socket">, string>> = {
  directory: "dir",
  file: "file",
  symlink: "link",
  fifo: "fifo",
  "character-device": "char",
  "block-device": "block",
};

/** Bytes that would end a word, begin a remark or be taken for a pattern, as vis(3) writes them: `\040`. */
function escape(bytes: ByteString): string {
  return bytes.replaceAll(
    /[^!$%&'()+,\-./0-9:;<>@A-Z^_`a-z{|}~]/g,
    (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}
