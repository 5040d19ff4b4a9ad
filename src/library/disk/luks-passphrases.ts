import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../../core/errors.ts";
import { contentOf, holdersOf, type DiskPlan } from "../../system/disk/plan/disk-plan.ts";
import { passphraseIn } from "../../system/disk/stack/passphrase.ts";
import { splitName } from "./per-disk.ts";

const option = "--luks-passphrase-file";
const maxFileBytes = 64 * 1024;

/** The names of all LUKS of a plan. */
function luksOf(plan: DiskPlan): string[] {
  return holdersOf(plan)
    .map(contentOf)
    .flatMap((content) => (content.kind === "luks" ? [content.name] : []));
}

/**
 * The passphrase file of each LUKS of a plan, absolute: `LUKS=FILE`, or `FILE` for all that have none of their own. Only their names are
 * kept; each is looked at, so that nothing is begun that cannot be ended.
 *
 * @throws {UsageError} If one is missing, is too much, or has no passphrase in its first line.
 */
export function choosePassphraseFiles(plan: DiskPlan, given: readonly string[]): Readonly<Record<string, string>> {
  const names = luksOf(plan);
  const { named, forAll } = readPassphraseFiles(given, (name) => names.includes(name));
  if (given.length > 0 && names.length === 0)
    throw new UsageError(`cannot use ${option} ${given[0]}: the layout has no LUKS`, "Leave it out.");
  return Object.fromEntries(
    names.map((name) => {
      const file = named.get(name) ?? forAll;
      if (file === undefined)
        throw new UsageError(
          `cannot encrypt the LUKS "${name}": no file with its passphrase is given`,
          `Give ${option} FILE, or ${option} ${name}=FILE; the passphrase is the first line of the file.`,
        );
      return [name, file];
    }),
  );
}

/** What is typed when a system asks for the passphrase of a LUKS. @throws {UsageError} */
export function readPassphrases(given: readonly string[]): (luks: string) => string | undefined {
  const { named, forAll } = readPassphraseFiles(given, (name) => name !== "");
  const passphrases = new Map([...named].map(([name, file]) => [name, readPassphrase(file)]));
  const other = forAll === undefined ? undefined : readPassphrase(forAll);
  return (luks) => passphrases.get(luks) ?? other;
}

function readPassphraseFiles(
  given: readonly string[],
  isLuks: (name: string) => boolean,
): { readonly named: ReadonlyMap<string, string>; readonly forAll: string | undefined } {
  const named = new Map<string, string>();
  let forAll: string | undefined;
  for (const value of given) {
    const [name = "", path] = splitName(value);
    const isNamed = isLuks(name);
    if (isNamed ? named.has(name) : forAll !== undefined)
      throw new UsageError(
        `cannot use ${option} ${value}: ${isNamed ? `"${name}" has one already` : "there is one for all already"}`,
        `Give LUKS=FILE for each LUKS of the layout, and at most one FILE for all others.`,
      );
    const file = resolve(isNamed ? path : value);
    readPassphrase(file);
    if (isNamed) named.set(name, file);
    else forAll = file;
  }
  return { named, forAll };
}

/** @throws {UsageError} */
function readPassphrase(path: string): string {
  const refuse = (why: string, cause?: unknown): UsageError =>
    new UsageError(
      `cannot use the passphrase file "${path}": ${why}`,
      "Write the passphrase into the first line of a file that only you can read: text of at most 512 bytes that can be typed.",
      { cause },
    );
  try {
    const stat = statSync(path);
    // A pipe could be read once; a build that goes on after a crash reads it again.
    if (!stat.isFile()) throw refuse("it is no regular file");
    const passphrase = stat.size > maxFileBytes ? undefined : passphraseIn(readFileSync(path));
    if (passphrase === undefined) throw refuse("its first line is no passphrase");
    return passphrase;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw refuse((error as Error).message, error);
  }
}
