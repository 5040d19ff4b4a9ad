import { byteStringFromText } from "../../../core/tree/byte-string.ts";
import { successionOf, type NewFileSystem, type Succession } from "./successions.ts";
import { deviceOf, parseTableLines, type TableLine } from "./table-lines.ts";

/** A line that was changed, or was added where `before` is undefined. Lines count from 1. */
export interface LineChange {
  readonly line: number;
  readonly before?: string;
  readonly after: string;
}

/** An fstab for other disks. */
export interface RewrittenTable {
  readonly text: string;
  readonly changes: readonly LineChange[];
}

/**
 * Makes an fstab(5) name the new file systems: lines that name an old device get the UUID of what took its place (a PARTUUID
 * where they had one), and its type and options where the type is another. Lines whose device has no successor, or whose
 * subvolume is a directory now, are turned into comments, as a start would wait for them. New file systems that no line mounts get one. Every other line stays byte for byte.
 *
 * `text` and what comes back hold one character for each byte.
 */
export function rewriteFstab(
  text: string,
  successions: readonly Succession[],
  created: readonly NewFileSystem[],
): RewrittenTable {
  const lines = text.split("\n");
  const changes: LineChange[] = [];
  const tableLines = parseTableLines(text);
  const covered = new Set<NewFileSystem>(created.filter((candidate) => isMountedByLabel(candidate, tableLines)));
  for (const line of tableLines) {
    const before = lines[line.index] ?? "";
    const succession = successionOf(line, successions);
    if (succession === undefined) continue;
    const successor =
      line.type === "swap" ? succession.successor : created.find((candidate) => isAtPlaceOf(candidate, line));
    if (successor) covered.add(successor);
    const after = successor ? pointTo(successor, line, before) : `# rehome: ${reasonFor(succession)}: ${before}`;
    if (after === before) continue;
    lines[line.index] = after;
    changes.push({ line: line.index + 1, before, after });
  }
  const added = created
    .filter((candidate) => !covered.has(candidate) && (candidate.mountPoint !== undefined || candidate.type === "swap"))
    .map(newLine);
  if (added.length === 0) return { text: lines.join("\n"), changes };
  if (lines.at(-1) === "") lines.pop();
  for (const after of added) changes.push({ line: lines.push(after), after });
  return { text: `${lines.join("\n")}\n`, changes };
}

function isAtPlaceOf({ mountPoint }: NewFileSystem, line: TableLine): boolean {
  return mountPoint !== undefined && byteStringFromText(mountPoint) === line.mountPoint;
}

/** Why a line is no longer needed: its device is gone, or what was a subvolume is a directory now. */
function reasonFor({ successor }: Succession): string {
  return successor === undefined ? "not on this disk" : `part of ${successor.mountPoint ?? "another"} now`;
}

/** A line that mounts by label, at the same place, goes on doing so. */
function isMountedByLabel(candidate: NewFileSystem, lines: readonly TableLine[]): boolean {
  return lines.some(
    (line) =>
      deviceOf(line) === undefined &&
      /^(?:LABEL|PARTLABEL)=|^\/dev\/disk\/by-(?:part)?label\//.test(line.source) &&
      (candidate.type === "swap" ? line.type === "swap" : isAtPlaceOf(candidate, line)),
  );
}

function pointTo(successor: NewFileSystem, line: TableLine, before: string): string {
  const isByPartition = successor.partitionUuid !== "" && /^PARTUUID=|^\/dev\/disk\/by-partuuid\//.test(line.source);
  const source = isByPartition ? `PARTUUID=${successor.partitionUuid}` : `UUID=${successor.uuid}`;
  // Subvolumes are not made anew: the tree lies in the file system itself.
  const hasSubvolume = line.options.some((option) => /^subvol(?:id)?=/.test(option));
  const isSameType = (line.type === successor.type || line.type === "auto") && !hasSubvolume;
  const fields = isSameType ? [source] : [source, undefined, successor.type, successor.options];
  const missing = fields.slice(line.fields.length).map((value) => ` ${value}`);
  // From the end, so that places before a field stay where they are.
  const replaced = fields.reduceRight<string>((text, value, index) => {
    const field = line.fields[index];
    if (value === undefined || field === undefined) return text;
    return text.slice(0, field.start) + value + text.slice(field.start + field.text.length);
  }, before);
  return replaced + missing.join("");
}

function newLine({ uuid, mountPoint, type, options }: NewFileSystem): string {
  const where = type === "swap" ? "none" : escape(byteStringFromText(mountPoint ?? ""));
  const pass = type === "swap" || type === "btrfs" || type === "xfs" ? 0 : mountPoint === "/" ? 1 : 2;
  return `UUID=${uuid} ${where} ${type} ${options} 0 ${pass}`;
}

function escape(field: string): string {
  return field.replaceAll(/[ \t\n\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
