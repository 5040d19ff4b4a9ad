import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import { parseControlStanzas, type ControlStanza } from "./control-stanzas.ts";
import { parseRecordedPath } from "./tree-path.ts";

/** A package that dpkg has installed. */
export interface DpkgPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The stems that its files in `var/lib/dpkg/info` may have, likeliest first. */
  readonly fileStems: readonly string[];
  /** With the digest of the file that the package brought; obsolete ones, which it no longer brings, are left out. */
  readonly configurationFiles: readonly { readonly path: TreePath; readonly md5: string }[];
}

const fields = new Set(["package", "version", "architecture", "multi-arch", "status", "conffiles"]);
const maxConfigurationFiles = 10_000;
/** Longer than any path; also keeps the search below from growing with the square of a hostile line. */
const maxLineLength = 4200;

/**
 * The installed packages of a dpkg status file, in its order, at most `maxPackages`.
 *
 * Left out: what is only configured, unpacked or half installed, and stanzas with names that no package may have. In
 * `status.d` of images without dpkg the stanzas have no `Status`: there, with `statusNeeded` false, all are installed.
 */
export function* parseDpkgStatus(
  text: ByteString,
  options: { readonly statusNeeded: boolean; readonly maxPackages: number },
): Generator<DpkgPackage> {
  let count = 0;
  for (const stanza of parseControlStanzas(text, fields)) {
    if (!isInstalled(stanza.get("status"), options.statusNeeded)) continue;
    const dpkgPackage = packageOf(stanza);
    if (dpkgPackage === undefined) continue;
    if (++count > options.maxPackages) return;
    yield dpkgPackage;
  }
}

/** A package that waits for triggers is installed: only a cache of some other package is yet to be renewed. */
function isInstalled(status: string | undefined, needed: boolean): boolean {
  if (status === undefined) return !needed;
  const [, , state] = status.split(/ +/);
  return state === "installed" || state === "triggers-pending" || state === "triggers-awaited";
}

function packageOf(stanza: ControlStanza): DpkgPackage | undefined {
  const name = stanza.get("package") ?? "";
  const version = stanza.get("version") ?? "";
  const architecture = stanza.get("architecture") ?? "";
  if (!/^[A-Za-z0-9][A-Za-z0-9+._-]{0,199}$/.test(name)) return undefined;
  if (!/^[A-Za-z0-9.+:~_-]{1,200}$/.test(version) || !/^[a-z0-9-]{1,50}$/.test(architecture)) return undefined;
  const withArchitecture = `${name}:${architecture}`;
  const fileStems = stanza.get("multi-arch") === "same" ? [withArchitecture, name] : [name, withArchitecture];
  return { name, version, architecture, fileStems, configurationFiles: configurationFilesOf(stanza.get("conffiles")) };
}

function configurationFilesOf(field: string | undefined): DpkgPackage["configurationFiles"] {
  const files: { path: TreePath; md5: string }[] = [];
  for (const line of (field ?? "").split("\n", maxConfigurationFiles)) {
    if (line.length > maxLineLength) continue;
    const [, recorded = "", md5, flags = ""] = /^\s*(\S.*) ([0-9a-f]{32})((?: [a-z-]+)*)$/.exec(line) ?? [];
    const path = parseRecordedPath(recorded);
    if (path === undefined || md5 === undefined || /obsolete|remove-on-upgrade/.test(flags)) continue;
    files.push({ path, md5 });
  }
  return files;
}
