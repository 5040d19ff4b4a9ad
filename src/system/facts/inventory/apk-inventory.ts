import type { InstalledPackage } from "../../../core/inventory/inventory.ts";
import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import { parseRecordedPath } from "../packages/tree-path.ts";
import type { RecordedFile } from "../system-sources.ts";
import { inheritedFiles } from "./inherited-files.ts";
import type { InventoryReader } from "./inventory-reader.ts";
import { modifiedFilePatches } from "./modified-file-patches.ts";

const databases = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];
const maxDatabaseBytes = 64 << 20;
const maxPackages = 100_000;

/** Packages of Alpine; patches are files that were changed. What lies in `etc` is configuration, as apk itself has it. */
export const apkInventory: InventoryReader = {
  manager: "apk",
  async read(sources, { inheritedDirectories, needsPatches, signal }) {
    const inherited = inheritedFiles(sources.files, inheritedDirectories);
    const database = databases
      .map((path) => sources.files.read(path as TreePath, maxDatabaseBytes))
      .find((text) => text !== undefined);
    const found: InstalledPackage[] = [];
    for (const { name, version, architecture, records, paths } of parseApkInstalled(database ?? ("" as ByteString))) {
      const files = inherited.among(paths);
      const installed: InstalledPackage = { manager: "apk", name, version, architecture, files, patches: [] };
      const patches = needsPatches(installed)
        ? await modifiedFilePatches(sources, records, {
            installedSec: 0,
            isConfiguration: ({ path }) => path.startsWith("etc/"),
            inherited: files,
            signal,
          })
        : [];
      found.push({ ...installed, patches });
    }
    return found;
  },
};

/** A package in apk's database. */
export interface ApkPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly paths: readonly TreePath[];
  /** Those of `paths` that are regular files with a digest. */
  readonly records: readonly RecordedFile[];
}

/** Reads apk's database: paragraphs of lines `X:value`, of which `F` begins a directory and `R` a file in it. */
export function* parseApkInstalled(text: ByteString): Generator<ApkPackage> {
  let count = 0;
  for (const paragraph of text.split("\n\n")) {
    const installed = parseParagraph(paragraph);
    if (installed === undefined) continue;
    if (++count > maxPackages) return;
    yield installed;
  }
}

function parseParagraph(paragraph: string): ApkPackage | undefined {
  let [name, version, architecture, directory] = ["", "", "", ""];
  let path: TreePath | undefined;
  let isLink = false;
  const paths: TreePath[] = [];
  const records: RecordedFile[] = [];
  for (const line of paragraph.split("\n")) {
    const value = line.slice(2);
    if (line.startsWith("P:")) name = value;
    else if (line.startsWith("V:")) version = value;
    else if (line.startsWith("A:")) architecture = value;
    else if (line.startsWith("F:")) directory = value;
    else if (line.startsWith("R:")) {
      path = parseRecordedPath(directory === "" ? value : `${directory}/${value}`);
      isLink = false;
      if (path !== undefined) paths.push(path);
    } else if (line.startsWith("a:")) isLink = value.endsWith(":777");
    else if (line.startsWith("Z:") && path !== undefined && !isLink) {
      const record = recordOf(path, value);
      if (record !== undefined) records.push(record);
    }
  }
  if (!/^[A-Za-z0-9_][A-Za-z0-9+._-]{0,199}$/.test(name) || !/^[A-Za-z0-9+._~-]{1,200}$/.test(version))
    return undefined;
  return { name, version, architecture: /^[a-z0-9_]{1,50}$/.test(architecture) ? architecture : "", paths, records };
}

/** `Q1` and base64 of SHA-1, `Q2` and base64 of SHA-256. Links have the digest of their target, and mode 777. */
function recordOf(path: TreePath, value: string): RecordedFile | undefined {
  const digest = Buffer.from(value.slice(2), "base64").toString("hex");
  if (value.startsWith("Q1") && digest.length === 40) return { path, algorithm: "sha1", digest, always: true };
  if (value.startsWith("Q2") && digest.length === 64) return { path, algorithm: "sha256", digest, always: true };
  return undefined;
}
