import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readSync, statfsSync } from "node:fs";
import { hostname, release, uptime } from "node:os";
import { dirname, join, resolve } from "node:path";
import { byteStringFromText } from "../../core/tree/byte-string.ts";
import { inspectHost } from "../../host/doctor.ts";
import { jobFileNames } from "../../host/jobs/job-files.ts";
import { errnoNameOf } from "../../host/system-call-error.ts";
import { recognisePaths } from "../../system/capture/secrets/recognise-path.ts";
import { defaultConfigurationPath } from "../settings/configuration.ts";
import { listJobs } from "../jobs/list-jobs.ts";
import { readJobEvents, showJob } from "../jobs/look-at-jobs.ts";
import { recordsDirectory } from "../machines/places.ts";
import type { Environment, Paths } from "../settings/settings.ts";
import { version } from "../version.ts";
import { leaveOutSecrets, leaveOutSecretValues } from "./leave-out-secrets.ts";

/** A file of a report; its path is relative to the report. */
export interface ReportFile {
  readonly path: string;
  readonly text: string;
}

/** What a report would have had. */
export interface MissingPart {
  readonly path: string;
  readonly reason: string;
}

/** The newest jobs, so many; of each log the last MiB. */
const jobsTaken = 50;
const fileBytes = 1024 * 1024;

const isSecretPath = recognisePaths();

/**
 * Collects what helps to find out what went wrong on this host: versions, abilities, configuration, machines, the state of the
 * store from outside, and jobs with their journals, logs and evidence. Secrets are left out of every part. Changes nothing; what
 * cannot be read is missing, and no failure.
 */
export async function* collectReport(
  paths: Paths,
  environment: Environment,
): AsyncGenerator<ReportFile | MissingPart, void, undefined> {
  yield await part("host.json", () => describeHost(environment));
  yield await part("doctor.json", inspectHost);
  yield await part("paths.json", () => describePaths(paths));
  const configuration = resolve(environment["REHOME_CONFIG"] ?? defaultConfigurationPath);
  for (const file of [
    configuration,
    paths.rulesFile,
    ...filesIn(join(dirname(configuration), "capture")),
    ...filesIn(paths.nspawnDirectory),
  ])
    if (existsSync(file)) yield readConfigurationFile(file);
  for (const file of filesIn(recordsDirectory(paths))) yield readConfigurationFile(file);
  if (!existsSync(join(paths.stateDirectory, "jobs/journal.db"))) return;
  const jobs = await part("jobs/list.json", async () => await listJobs({ paths }));
  yield jobs;
  if ("reason" in jobs) return;
  for (const { id } of (await listJobs({ paths })).slice(0, jobsTaken)) {
    const directory = join(paths.stateDirectory, "jobs", id);
    yield await part(`jobs/${id}/job.json`, async () => await showJob(id, { paths }));
    yield await part(`jobs/${id}/events.json`, async () => await readJobEvents(id, 0, { paths }));
    for (const name of [jobFileNames.log, jobFileNames.evidence])
      if (existsSync(join(directory, name))) yield readTextFile(join(directory, name), `jobs/${id}/${name}`);
  }
}

/** A part that is a value; one that cannot be had is missing. */
async function part(path: string, make: () => unknown): Promise<ReportFile | MissingPart> {
  try {
    return { path, text: `${JSON.stringify(leaveOutSecretValues(plain(await make())), undefined, 2)}\n` };
  } catch (error) {
    return { path, reason: leaveOutSecrets(String(error)) };
  }
}

/** As JSON has it: what has a form of its own there (dates) is in it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function describeHost(environment: Environment): object {
  const own = Object.entries(environment).filter(([name]) => /^(?:REHOME_|XDG_|LANG$|LC_|PATH$)/.test(name));
  return {
    rehome: version,
    node: process.versions,
    kernel: release(),
    architecture: process.arch,
    host: hostname(),
    user: process.geteuid?.(),
    uptimeSec: Math.round(uptime()),
    environment: Object.fromEntries(own),
  };
}

/** Where things lie, and how much room is there. The store is looked at from outside: no key is asked for. */
function describePaths(paths: Paths): object {
  return Object.fromEntries(
    Object.entries(paths).map(([name, path]: [string, string]) => {
      if (!existsSync(path)) return [name, { path, exists: false }];
      const { bsize, blocks, bavail, type } = statfsSync(path);
      const room = { totalBytes: bsize * blocks, freeBytes: bsize * bavail, fileSystemType: `0x${type.toString(16)}` };
      const holds = name === "store" ? { holds: namesIn(path) } : {};
      return [name, { path, exists: true, ...room, ...holds }];
    }),
  );
}

function readConfigurationFile(file: string): ReportFile | MissingPart {
  const path = `configuration${file}`;
  const [, directory = "", name = ""] = /^\/(.*)\/([^/]*)$/.exec(file) ?? [];
  const secret = isSecretPath(byteStringFromText(directory), byteStringFromText(name));
  if (secret !== undefined) return { path, reason: `it holds a secret (${secret})` };
  return readTextFile(file, path);
}

/** The end of a text, its secrets left out. Waits for no pipe. */
function readTextFile(file: string, path: string): ReportFile | MissingPart {
  let opened: number | undefined;
  try {
    opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(opened);
    if (!stat.isFile()) return { path, reason: "it is no regular file" };
    const bytes = Buffer.alloc(Math.min(stat.size, fileBytes));
    const length = readSync(opened, bytes, 0, bytes.length, stat.size - bytes.length);
    const text = bytes.toString("utf8", 0, length);
    // A line that is cut, and a key whose beginning is cut, tell nothing that could be recognised.
    const whole = bytes.length < stat.size ? text.slice(text.indexOf("\n") + 1) : text;
    if (/-----END [A-Z0-9 ]{0,64}PRIVATE KEY/.test(leaveOutSecrets(whole)))
      return { path, reason: "it holds a part of a private key" };
    return { path, text: leaveOutSecrets(whole) };
  } catch (error) {
    return { path, reason: errnoNameOf(error) ?? String(error) };
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

function filesIn(directory: string): string[] {
  return namesIn(directory).map((name) => join(directory, name));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}
