import type { Refusal } from "../layout/errors.ts";
import { decrypted, type ArrayLevel, type Layout, type PartitionContent } from "../layout/layout.ts";
import { luksName, mappedName } from "../layout/names.ts";
import { countMembers, isMember, levels } from "./stack-room.ts";

/** A partition, array or volume, and what it is part of. */
interface Place {
  readonly what: string;
  readonly content: PartitionContent | undefined;
  /** What this lies on has a content of this kind and name. */
  readonly over?: { readonly kind: "array" | "group"; readonly name: string };
  readonly level?: ArrayLevel;
  readonly isForStart?: boolean;
}

function placesOf({ disks, arrays = [], groups = [] }: Layout): Place[] {
  return [
    ...disks.flatMap((disk) =>
      disk.partitions.map(({ type, content }, index) => {
        const isForStart = ["esp", "bios-boot", "extended"].includes(type);
        return { what: `partition ${index + 1} of disk "${disk.name}"`, content, isForStart };
      }),
    ),
    ...arrays.map(({ name, level, content }) => {
      return { what: `array "${name}"`, content, level, over: { kind: "array", name } } as const;
    }),
    ...groups.flatMap(({ name, volumes }) =>
      volumes.map((volume) => {
        const what = `volume "${volume.name}" of group "${name}"`;
        return { what, content: volume.content, over: { kind: "group", name } } as const;
      }),
    ),
  ];
}

/** What is wrong with the arrays, groups and encryption of a layout, whatever the size of its disks. */
export function checkStack(layout: Layout): Refusal[] {
  const { arrays = [], groups = [] } = layout;
  const places = placesOf(layout);
  const luks = places.flatMap(({ content }) => (content?.kind === "luks" ? content.name : []));
  const named = [
    ...doubles(arrays.map(({ name }) => `array "${name}"`)),
    ...doubles(groups.map(({ name }) => `group "${name}"`)),
    ...doubles(luks.map((name) => `LUKS "${name}"`)),
    ...doubles(places.filter(({ over }) => over?.kind === "group").map(({ what }) => what)),
  ];
  return [
    ...checkNames(layout, luks),
    ...named.map((what) => refuse(`there are two of ${what}`)),
    ...places.flatMap(({ content }) => checkKnown(decrypted(content), layout)),
    ...arrays.flatMap(({ name, level }) => checkMembers(name, level, countMembers(layout, "array", name))),
    ...groups.flatMap(({ name }) =>
      countMembers(layout, "group", name) === 0 ? [refuse(`nothing holds the group "${name}"`)] : [],
    ),
    ...places.flatMap(checkNesting),
  ];
}

/** A layout may come from the manifest of an image, and all of these become names of devices. */
function checkNames({ arrays = [], groups = [] }: Layout, luks: readonly string[]): Refusal[] {
  const mapped = [...arrays, ...groups, ...groups.flatMap(({ volumes }) => volumes)].map(({ name }) => name);
  const wrong = [...mapped.filter((name) => !mappedName.test(name)), ...luks.filter((name) => !luksName.test(name))];
  return wrong.map((name) => refuse(`"${name}" is no name that an array, a group, a volume or a LUKS can have`));
}

function checkKnown(content: PartitionContent | undefined, { arrays = [], groups = [] }: Layout): Refusal[] {
  if (content?.kind === "array" && arrays.every(({ name }) => name !== content.array))
    return [refuse(`there is no array "${content.array}"`)];
  if (content?.kind === "group" && groups.every(({ name }) => name !== content.group))
    return [refuse(`there is no group "${content.group}"`)];
  return [];
}

function checkMembers(name: string, level: ArrayLevel, members: number): Refusal[] {
  const { least } = levels[level];
  if (members < least) return [refuse(`array "${name}" has ${members} members, ${level} needs ${least}`)];
  if (level !== "raid10" || members % 2 === 0) return [];
  return [refuse(`array "${name}" has ${members} members, raid10 needs an even number`)];
}

/** Arrays lie on partitions, groups on partitions and arrays; streams and vfat are written to partitions as they are. */
function checkNesting({ what, content, over, isForStart = false }: Place): Refusal[] {
  const inside = decrypted(content);
  const kind = inside?.kind === "file-system" ? inside.type : inside?.kind;
  const isLayered = content?.kind === "luks" || kind === "array" || kind === "group";
  if (isForStart && isLayered) return [refuse(`${what} is for the firmware, which knows no RAID, LVM or LUKS`)];
  const refused = [
    ...(over === undefined ? [] : ["array"]),
    ...(over?.kind === "group" ? ["group"] : []),
    ...(over === undefined && content?.kind !== "luks" ? [] : ["raw", "vfat", "luks"]),
  ];
  return kind !== undefined && refused.includes(kind) ? [refuse(`${what} cannot hold ${kind}`)] : [];
}

/**
 * Refuses a layout whose kernels the boot loader could not read: it is given no key of a LUKS, and of arrays only those of level raid1
 * are known to start.
 */
export function checkBootReach(layout: Layout): Refusal[] {
  const places = placesOf(layout);
  const at = (mountPoint: string): Place | undefined =>
    places.find(({ content }) => {
      const inside = decrypted(content);
      return inside?.kind === "file-system" && inside.mountPoint === mountPoint;
    });
  const boot = at("/boot") ?? at("/");
  const advice = 'give "/boot" a partition, a raid1 or a group of its own';
  return (boot ? withBelow(boot, places) : []).flatMap(({ what, content, level }) => [
    ...(content?.kind === "luks"
      ? [refuse(`${what} encrypts the kernels, and the boot loader has no key; ${advice}`, "firmware")]
      : []),
    ...(level === undefined || level === "raid1"
      ? []
      : [refuse(`${what} holds the kernels, and the boot loader reads raid1 alone; ${advice}`, "firmware")]),
  ]);
}

/** A place and all that it lies on. */
function withBelow(place: Place, places: readonly Place[]): Place[] {
  const { over } = place;
  const below = over ? places.filter(({ content }) => isMember(decrypted(content), over.kind, over.name)) : [];
  return [place, ...below.flatMap((each) => withBelow(each, places))];
}

function doubles(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function refuse(message: string, reason: Refusal["reason"] = "content"): Refusal {
  return { reason, message };
}
