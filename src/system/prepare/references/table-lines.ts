/** Every way in which a system may have named a device that it had. UUIDs in any case. */
export interface OldDevice {
  readonly uuids: readonly string[];
  readonly partitionUuids: readonly string[];
  /** `/dev/sda1` and the like. */
  readonly devices: readonly string[];
}

/** A line of fstab(5) or crypttab(5) that is no comment. Texts hold one character for each byte. */
export interface TableLine {
  /** From 0. */
  readonly index: number;
  readonly fields: readonly Field[];
  readonly source: string;
  /** With `\040` and the like written out. */
  readonly mountPoint: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Where a field stands in its line. */
export interface Field {
  readonly text: string;
  readonly start: number;
}

/** The lines of an fstab(5) that have a source and a mount point. */
export function parseTableLines(text: string): TableLine[] {
  return text.split("\n").flatMap((line, index) => {
    if (/^\s*(?:#|$)/.test(line)) return [];
    const fields = [...line.matchAll(/[^ \t\r]+/g)].map((match) => ({ text: match[0], start: match.index }));
    const [source, mountPoint, type, options] = fields.map((field) => unescape(field.text));
    if (source === undefined || mountPoint === undefined) return [];
    return [{ index, fields, source, mountPoint, type: type ?? "", options: (options ?? "").split(",") }];
  });
}

function unescape(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

const diskName =
  /^\/dev\/(?:[shv]d[a-z]+\d*|xvd[a-z]+\d*|nvme\d+n\d+(?:p\d+)?|mmcblk\d+(?:p\d+)?|md[\d/]\S*|mapper\/(?!control$)\S+|dm-\d+|disk\/\S+)$/;

/**
 * The device of a disk that a line names as its source. Undefined for labels, remote and virtual file systems, bind mounts and
 * drives with removable media: those do not change when a system gets other disks.
 */
export function deviceOf({
  source,
  type,
  options,
}: Pick<TableLine, "source" | "type" | "options">): OldDevice | undefined {
  if (type === "none" || options.includes("bind") || options.includes("rbind")) return undefined;
  return namedDevice(source);
}

function namedDevice(source: string): OldDevice | undefined {
  const [, tag = "", value = ""] = /^(UUID|PARTUUID)="?([^"]+)"?$/.exec(source) ?? [];
  const none: OldDevice = { uuids: [], partitionUuids: [], devices: [] };
  if (tag === "UUID") return { ...none, uuids: [value] };
  if (tag === "PARTUUID") return { ...none, partitionUuids: [value] };
  const [, folder = "", link = ""] = /^\/dev\/disk\/by-(uuid|partuuid|label|partlabel)\/(.+)$/.exec(source) ?? [];
  if (folder === "uuid") return { ...none, uuids: [link] };
  if (folder === "partuuid") return { ...none, partitionUuids: [link] };
  if (folder !== "" || !diskName.test(source)) return undefined;
  return { ...none, devices: [source] };
}
