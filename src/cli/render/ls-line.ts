import { displayBytes, type ByteString } from "../../core/tree/byte-string.ts";
import type { Entry, EntryKind } from "../../core/tree/entry.ts";
import { formatTime } from "./time.ts";

const typeLetters: Readonly<Record<EntryKind, string>> = {
  directory: "d",
  file: "-",
  symlink: "l",
  fifo: "p",
  socket: "s",
  "character-device": "c",
  "block-device": "b",
  link: "h",
};

/** The line of `ls -l` for an entry, called `name`. A further name of a file has no metadata of its own. */
export function formatLsLine(entry: Entry, name: ByteString): string {
  const target = entry.kind === "symlink" || entry.kind === "link" ? ` -> ${displayBytes(entry.target)}` : "";
  if (entry.kind === "link")
    return `${modeColumn("h---------", false)} ${columns("-", "-", "-", "-")} ${displayBytes(name)}${target}`;
  const mode = modeColumn(typeLetters[entry.kind] + formatPermissions(entry.mode), entry.xattrs.length > 0);
  const owners = columns(String(entry.uid), String(entry.gid), sizeColumn(entry), formatTime(entry.mtimeSec));
  return `${mode} ${owners} ${displayBytes(name)}${target}`;
}

/** Permission bits as `ls` shows them: `rwxr-sr-t`. */
export function formatPermissions(mode: number): string {
  const triple = (bits: number, special: boolean, letter: string): string => {
    const executable = (bits & 1) !== 0;
    const last = special ? (executable ? letter : letter.toUpperCase()) : executable ? "x" : "-";
    return `${(bits & 4) === 0 ? "-" : "r"}${(bits & 2) === 0 ? "-" : "w"}${last}`;
  };
  return [
    triple(mode >> 6, (mode & 0o4000) !== 0, "s"),
    triple(mode >> 3, (mode & 0o2000) !== 0, "s"),
    triple(mode, (mode & 0o1000) !== 0, "t"),
  ].join("");
}

function sizeColumn(entry: Entry): string {
  if (entry.kind === "file") return String(entry.sizeBytes);
  if (entry.kind === "symlink") return String(entry.target.length);
  if (entry.kind === "character-device" || entry.kind === "block-device") return `${entry.major}, ${entry.minor}`;
  return "-";
}

function modeColumn(mode: string, hasXattrs: boolean): string {
  return mode + (hasXattrs ? "+" : " ");
}

// A list is printed as it is read, so the widths are fixed; what is wider pushes the rest of its line.
function columns(owner: string, group: string, size: string, time: string): string {
  return `${owner.padStart(5)} ${group.padStart(5)} ${size.padStart(12)} ${time.padStart(19)}`;
}
