/** A line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)). */
export interface Mount {
  readonly id: number;
  readonly device: string;
  /** Which directory of the file system is mounted; `/` unless it is a bind mount or a subvolume. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
  readonly options: string;
  /** Of the file system itself, however it is mounted here. */
  readonly superOptions: string;
}

/** Reads `/proc/self/mountinfo`. Lines that do not have its shape are left out. */
export function parseMountInfo(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [left, right] = line.split(" - ");
    const fields = left?.split(" ") ?? [];
    const [type, source, superOptions] = right?.split(" ") ?? [];
    const [id, , device, root, mountPoint, options] = fields;
    if (
      id === undefined ||
      device === undefined ||
      root === undefined ||
      mountPoint === undefined ||
      type === undefined
    )
      return [];
    return [
      {
        id: Number(id),
        device,
        root: unescape(root),
        mountPoint: unescape(mountPoint),
        type,
        source: unescape(source ?? ""),
        options: options ?? "",
        superOptions: superOptions ?? "",
      },
    ];
  });
}

function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
