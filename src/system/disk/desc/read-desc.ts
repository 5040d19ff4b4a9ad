import type { DiskLayout, PartitionLayout } from "../layout/layout.ts";
import { LayoutInvalidError } from "../layout/errors.ts";
import { partitionTypeName } from "../layout/partition-types.ts";

const mib = 2 ** 20;
const maxLines = 10_000;

/**
 * Reads a `desc` file of the KA method: a line for each partition with its type (`linux`, `swap`, `extended`, or `type` and
 * hex digits) and its size in MiB or `fill`; `logical` before those inside the extended one; `#` begins a comment line.
 *
 * @throws {LayoutInvalidError} With the line that is wrong.
 */
export function readDesc(text: string, file: string, name: string): DiskLayout {
  const partitions: PartitionLayout[] = [];
  const lines = text.split("\n");
  if (lines.length > maxLines) throw new LayoutInvalidError({ file }, `it has more than ${maxLines} lines`);
  for (const [index, line] of lines.entries()) {
    const fields = line.trim().split(/\s+/);
    if (fields[0] === "" || fields[0]?.startsWith("#")) continue;
    const refuse = (what: string): LayoutInvalidError => new LayoutInvalidError({ file, line: index + 1 }, what);
    partitions.push(readLine(fields, partitions, refuse));
  }
  if (partitions.length === 0) throw new LayoutInvalidError({ file }, "it has no partition");
  return { name, table: "mbr", partitions };
}

type Refuse = (what: string) => LayoutInvalidError;

function readLine(fields: readonly string[], before: readonly PartitionLayout[], refuse: Refuse): PartitionLayout {
  const isLogical = fields[0] === "logical";
  const [typeWord, sizeWord, ...rest] = isLogical ? fields.slice(1) : fields;
  if (typeWord === undefined || sizeWord === undefined || rest.length > 0)
    throw refuse("it is not TYPE SIZE or logical TYPE SIZE");
  const type = readType(typeWord, refuse);
  const hasExtended = before.some((partition) => partition.type === "extended");
  if (isLogical && type === "extended") throw refuse("an extended partition cannot be logical");
  if (isLogical && !hasExtended) throw refuse("no extended partition comes before this logical one");
  if (type === "extended" && hasExtended) throw refuse("there is an extended partition before it");
  if (!isLogical && before.filter((partition) => !partition.isLogical).length === 4)
    throw refuse("it is the fifth partition that is not logical, and a disk takes four");
  return { type, size: readSize(sizeWord, refuse), ...(isLogical && { isLogical }) };
}

function readType(word: string, refuse: Refuse): string {
  if (word === "linux" || word === "swap" || word === "extended") return word;
  const [, code] = /^type([0-9a-fA-F]{1,2})$/.exec(word) ?? [];
  if (code === undefined || Number.parseInt(code, 16) === 0)
    throw refuse(`the type "${word}" is not linux, swap, extended, or type and hex digits`);
  return partitionTypeName(code, "mbr");
}

function readSize(word: string, refuse: Refuse): PartitionLayout["size"] {
  if (word === "fill") return { kind: "fill" };
  const sizeBytes = /^\d{1,9}$/.test(word) ? Number(word) * mib : 0;
  if (sizeBytes === 0) throw refuse(`the size "${word}" is not a number of megabytes above zero, or fill`);
  return { kind: "bytes", sizeBytes };
}
