import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { replaceFile, syncPath } from "../../host/replace-file.ts";
import { errnoNameOf } from "../../host/system-call-error.ts";
import { decodeRecord, type MachineRecord } from "../../journeys/machine/states/machine-record.ts";
import type { Paths } from "../settings/settings.ts";
import { MachineUnsuitableError } from "./errors.ts";
import { machinePlaces, recordsDirectory } from "./places.ts";

/** What this host keeps of a machine; undefined if it keeps nothing. @throws {MachineUnsuitableError} If it is damaged. */
export function readRecord(paths: Paths, name: string): MachineRecord | undefined {
  const { recordFile } = machinePlaces(paths, name);
  const text = textOf(recordFile);
  try {
    return text === undefined ? undefined : decodeRecord(JSON.parse(text), "it");
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new MachineUnsuitableError(
      `cannot use the record of ${name}: ${cause.message}`,
      `Restore ${recordFile} from a backup, or remove it: the machine then belongs to where it lies.`,
      { cause },
    );
  }
}

/** What this host keeps of all machines, in no order. @throws {MachineUnsuitableError} If one is damaged. */
export function readRecords(paths: Paths): MachineRecord[] {
  return namesIn(recordsDirectory(paths)).flatMap((file) => {
    const name = /^(.+)\.json$/.exec(file)?.[1];
    return name === undefined ? [] : (readRecord(paths, name) ?? []);
  });
}

/** Keeps a record; durable on return. */
export function writeRecord(paths: Paths, record: MachineRecord): void {
  const { recordFile } = machinePlaces(paths, record.name);
  mkdirSync(dirname(recordFile), { recursive: true, mode: 0o700 });
  replaceFile(recordFile, `${JSON.stringify(record, undefined, 1)}\n`, true);
  syncPath(dirname(recordFile));
}

/** Forgets a machine; durable on return. */
export function removeRecord(paths: Paths, name: string): void {
  const { recordFile } = machinePlaces(paths, name);
  // Who died before the first record was written left no directory of them.
  if (!existsSync(dirname(recordFile))) return;
  rmSync(recordFile, { force: true });
  syncPath(dirname(recordFile));
}

/** The id of this site, 32 hex digits; undefined if it was never needed. */
export function knownSiteId(paths: Paths): string | undefined {
  const known = textOf(join(paths.stateDirectory, "site-id"))?.trim();
  return known !== undefined && /^[0-9a-f]{32}$/.test(known) ? known : undefined;
}

/** The id of this site, made when it is first asked for. */
export function siteId(paths: Paths): string {
  const known = knownSiteId(paths);
  if (known !== undefined) return known;
  const file = join(paths.stateDirectory, "site-id");
  const id = randomBytes(16).toString("hex");
  mkdirSync(paths.stateDirectory, { recursive: true, mode: 0o700 });
  replaceFile(file, `${id}\n`, true);
  syncPath(paths.stateDirectory);
  return id;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoNameOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** The names in a directory; none where there is no directory. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoNameOf(error) ?? "")) return [];
    throw error;
  }
}
