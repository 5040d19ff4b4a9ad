import type { PartitionContent } from "./layout.ts";

/** What each named partition type is called in the two tables; undefined where a table has no such type. */
const partitionTypes: Readonly<Record<string, { readonly gpt?: string; readonly mbr?: string }>> = {
  linux: { gpt: "0FC63DAF-8483-4772-8E79-3D69D8477DE4", mbr: "83" },
  swap: { gpt: "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F", mbr: "82" },
  esp: { gpt: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", mbr: "ef" },
  "bios-boot": { gpt: "21686148-6449-6E6F-744E-656564454649" },
  extended: { mbr: "05" },
  "microsoft-data": { gpt: "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", mbr: "0c" },
  lvm: { gpt: "E6D6D379-F507-44C2-A23C-238F2A3DF928", mbr: "8e" },
  raid: { gpt: "A19D880F-05FC-4D3B-A006-743F0F84911E", mbr: "fd" },
};

/** The type of a partition that holds this, where it is not `linux`. */
export const usualTypes: Partial<Readonly<Record<PartitionContent["kind"], string>>> = {
  swap: "swap",
  array: "raid",
  group: "lvm",
};

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const hexCode = /^(?:0x)?([0-9a-f]{1,2})$/i;

/** What `type` is called in a table: an upper-case GUID, or two lower-case hex digits; undefined where it has no such type. */
export function partitionTypeCode(type: string, table: "gpt" | "mbr"): string | undefined {
  const named = Object.hasOwn(partitionTypes, type) ? partitionTypes[type] : undefined;
  if (named) return named[table];
  if (table === "gpt") return guid.test(type) ? type.toUpperCase() : undefined;
  const [, code] = hexCode.exec(type) ?? [];
  return code?.padStart(2, "0").toLowerCase();
}

/** The name of a type as a table writes it, for the types that have one; else `0x` and the digits of an MBR, or the GUID. */
export function partitionTypeName(code: string, table: "gpt" | "mbr"): string {
  const known = table === "mbr" && /^(?:0x)?0?[5f]$/i.test(code) ? "extended" : knownName(code, table);
  if (known !== undefined) return known;
  if (table === "gpt") return code.toUpperCase();
  return `0x${partitionTypeCode(code, "mbr") ?? code}`;
}

function knownName(code: string, table: "gpt" | "mbr"): string | undefined {
  const wanted = partitionTypeCode(code, table);
  return Object.entries(partitionTypes).find(([, codes]) => codes[table] !== undefined && codes[table] === wanted)?.[0];
}

/** Says whether `type` can be written in one of the tables. */
export function isPartitionType(type: string): boolean {
  return partitionTypeCode(type, "gpt") !== undefined || partitionTypeCode(type, "mbr") !== undefined;
}
