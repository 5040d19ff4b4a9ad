import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import { runTool, ToolFailedError } from "../processes.ts";
import { errnoNameOf } from "../system-call-error.ts";
import { openRegularFile } from "./open-regular-file.ts";

/** The database in each of rpm's formats, and the log that SQLite keeps beside it while it is in use. */
const databaseFiles = ["rpmdb.sqlite", "rpmdb.sqlite-wal", "Packages.db", "Packages"];
const maxDatabaseBytes = 2 ** 30;
const timeoutMs = 120_000;
const maxOutputBytes = 2 ** 28;

/**
 * Lists all packages of the rpm database in `directory` below the open directory `root`, with the rpm of this host.
 *
 * rpm works on a private copy: it would make locks and logs in the tree, follow its symlinks out of it, and with
 * `--root` load libraries of it. No plugin is loaded, no signature looked up, and no macro of a user or tree read.
 *
 * @throws {ToolFailedError} If there is no rpm, or it cannot read the database.
 * @throws {SystemCallError} If the database cannot be read.
 */
export async function queryRpm(
  root: number,
  directory: TreePath,
  format: string,
  signal: AbortSignal | undefined,
): Promise<ByteString> {
  const copy = await mkdtemp(join(tmpdir(), "rehome-rpm-"));
  try {
    for (const name of databaseFiles) await copyOut(root, `${directory}/${name}` as TreePath, join(copy, name));
    const args = ["--noplugins", "--nosignature", "--nodigest", "--define", `_dbpath ${copy}`];
    const { stdout } = await runTool("rpm", [...args, "--query", "--all", "--queryformat", format], {
      timeoutMs,
      maxOutputBytes,
      encoding: "latin1",
      env: { HOME: copy, XDG_CONFIG_HOME: undefined, RPM_CONFIGDIR: undefined },
      mustSucceed: true,
      ...(signal && { signal }),
    });
    return stdout as ByteString;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function copyOut(root: number, path: TreePath, destination: string): Promise<void> {
  const opened = openRegularFile(root, path);
  if (typeof opened === "string") return;
  using database = opened;
  const { sizeBytes } = database.stat;
  if (sizeBytes > maxDatabaseBytes)
    throw new ToolFailedError(
      "rpm",
      "not-started",
      `the database has ${sizeBytes} bytes, at most ${maxDatabaseBytes} are read`,
    );
  try {
    await copyFile(`/proc/self/fd/${database.file}`, destination);
  } catch (cause) {
    const what = `its database cannot be copied: ${errnoNameOf(cause) ?? "unknown error"}`;
    throw new ToolFailedError("rpm", "not-started", what, { cause });
  }
}
