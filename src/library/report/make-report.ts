import { closeSync, fsyncSync, openSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { UsageError } from "../../core/errors.ts";
import { byteStringFromText, type ByteString } from "../../core/tree/byte-string.ts";
import { errnoNameOf } from "../../host/system-call-error.ts";
import { encodeHeader, padding, tarEnd } from "../../system/exchange/tar/pax-header.ts";
import { choosePaths, type Environment, type Paths } from "../settings/settings.ts";
import { collectReport, type MissingPart, type ReportFile } from "./collect-report.ts";

/** How to make a report. */
export interface ReportOptions {
  readonly paths?: Paths;
  readonly environment?: Environment;
  /** Where to write it; nothing may be there. Default: a name with host and time, in the current directory. */
  readonly output?: string;
}

/** A report that was made. */
export interface ReportResult {
  readonly path: string;
  readonly sizeBytes: number;
  /** Paths of what is in it. */
  readonly files: readonly string[];
  /** What is not in it as a whole: it holds a secret, or could not be read. */
  readonly missing: readonly MissingPart[];
}

/**
 * Writes a report of this host for support, a tar compressed with gzip, readable by its owner alone. It holds no data of any system and cannot
 * be restored, which it says itself.
 *
 * @throws {UsageError} If something is at `output`, or nothing can be made there.
 */
export async function makeReport(options: ReportOptions = {}): Promise<ReportResult> {
  const { environment = process.env, paths = choosePaths(environment) } = options;
  const now = new Date();
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const name = `rehome-report-${hostname().replaceAll(/[^\w.-]/g, "_")}-${stamp}`;
  const path = resolve(options.output ?? `${name}.tar.gz`);
  const files: ReportFile[] = [];
  const missing: MissingPart[] = [];
  for await (const found of collectReport(paths, environment)) {
    if ("text" in found) files.push(found);
    else missing.push(found);
  }
  files.unshift({ path: "README", text: readme(now, missing) });
  const sec = Math.floor(now.getTime() / 1000);
  const archive = gzipSync(Buffer.concat([...files.flatMap((file) => encodeFile(name, file, sec)), tarEnd]));
  writeNew(path, archive);
  return { path, sizeBytes: archive.length, files: files.map((file) => file.path), missing };
}

function readme(now: Date, missing: readonly MissingPart[]): string {
  return [
    `A report of rehome, made at ${now.toISOString()} on ${hostname()}.`,
    "",
    "THIS IS NO BACKUP. It cannot be restored: it holds configuration, logs, journals and evidence of jobs, and no data of any system.",
    "",
    'What looked like a secret was left out; "(left out)" stands there. Read it before you send it to anybody: names of hosts,',
    "users, paths and packages are in it, and no program recognises every secret.",
    "",
    ...(missing.length === 0 ? [] : ["Not in it:", ...missing.map(({ path, reason }) => `  ${path}: ${reason}`), ""]),
  ].join("\n");
}

function encodeFile(top: string, { path, text }: ReportFile, mtimeSec: number): Buffer[] {
  const body = Buffer.from(text);
  const header = encodeHeader({
    path: byteStringFromText(`${top}/${path}`),
    type: "0",
    mode: 0o600,
    uid: 0,
    gid: 0,
    sizeBytes: body.length,
    mtimeSec,
    mtimeNsec: 0,
    linkTarget: "" as ByteString,
    major: 0,
    minor: 0,
    records: [],
  });
  return [header, body, padding(body.length)];
}

function writeNew(path: string, bytes: Buffer): void {
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (error) {
    const isThere = errnoNameOf(error) === "EEXIST";
    throw new UsageError(
      `cannot write the report "${path}": ${isThere ? "something is there" : (error as Error).message}`,
      "Name another file with --output.",
      { cause: error },
    );
  }
  try {
    writeFileSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
