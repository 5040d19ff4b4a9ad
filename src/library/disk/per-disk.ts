import { UsageError } from "../../core/errors.ts";

/**
 * Gives each disk its value: `DISK=VALUE` names the disk, a value alone goes to the next disk that has none yet.
 *
 * @param what What the values are, for complaints: `--size`.
 * @throws {UsageError} If there are more values than disks, or two for one disk.
 */
export function assignToDisks(
  values: readonly string[],
  disks: readonly string[],
  what: string,
): ReadonlyMap<string, string> {
  const assigned = new Map<string, string>();
  const named = values.map((value) => splitName(value)).map(([name, value]) => ({ name, value }));
  const isNamed = ({ name }: { readonly name: string | undefined }): boolean =>
    name !== undefined && disks.includes(name);
  for (const [index, entry] of named.entries()) {
    const { name = "", value } = entry;
    if (!isNamed(entry)) continue;
    if (assigned.has(name)) throw refusal(values[index] ?? "", what, `disk "${name}" has one already`, disks);
    assigned.set(name, value);
  }
  for (const [index, entry] of named.entries()) {
    if (isNamed(entry)) continue;
    const disk = disks.find((each) => !assigned.has(each));
    if (disk === undefined) throw refusal(values[index] ?? "", what, "there is no further disk", disks);
    assigned.set(disk, values[index] ?? "");
  }
  return assigned;
}

/** `DISK` and `VALUE` of `DISK=VALUE`; no name where a path or a size begins the text. */
export function splitName(text: string): readonly [string | undefined, string] {
  const [, name, value] = /^([a-zA-Z0-9][a-zA-Z0-9._-]{0,62})=(.+)$/s.exec(text) ?? [];
  return name === undefined || value === undefined ? [undefined, text] : [name, value];
}

function refusal(value: string, what: string, why: string, disks: readonly string[]): UsageError {
  return new UsageError(
    `cannot use ${what} ${value}: ${why}`,
    `The layout has ${disks.length === 1 ? "one disk" : `${disks.length} disks`}: ${disks.join(", ")}.`,
  );
}
