import type { InstalledPackage, PackageScope, Patch } from "../../../core/inventory/inventory.ts";
import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import { parseRecordedPath } from "../packages/tree-path.ts";
import { inheritedFiles } from "./inherited-files.ts";
import type { InventoryReader } from "./inventory-reader.ts";

const packages = "var/sadm/pkg" as TreePath;
const contents = "var/sadm/install/contents" as TreePath;
const maxPackages = 100_000;
const maxPatches = 10_000;
const maxInfoBytes = 1 << 20;
const maxContentsBytes = 256 << 20;

/** Packages of Solaris, which know patches and say themselves for which zones they are. */
export const svr4Inventory: InventoryReader = {
  manager: "svr4",
  async read(sources, { inheritedDirectories }) {
    const names = (sources.files.list(packages, maxPackages) ?? []).filter((name) =>
      /^[A-Za-z0-9][A-Za-z0-9+._-]{0,199}$/.test(name),
    );
    const inherited = inheritedFiles(sources.files, inheritedDirectories);
    const filesOf = new Map<string, TreePath[]>(names.map((name) => [name, []]));
    if (names.length > 0 && inheritedDirectories.length > 0) {
      const text = sources.files.read(contents, maxContentsBytes) ?? ("" as ByteString);
      for (const { path, owners } of parseContents(text))
        if (inherited.among([path]).length > 0) for (const owner of owners) filesOf.get(owner)?.push(path);
    }
    return await Promise.resolve(
      names.flatMap((name): InstalledPackage[] => {
        const info = parsePackageInfo(
          sources.files.read(`${packages}/${name}/pkginfo` as TreePath, maxInfoBytes) ?? ("" as ByteString),
        );
        if (info === undefined) return [];
        return [{ manager: "svr4", name, ...info, files: filesOf.get(name) ?? [] }];
      }),
    );
  },
};

/** What `pkginfo` tells; undefined where it names no version. */
export function parsePackageInfo(
  text: ByteString,
): Pick<InstalledPackage, "version" | "architecture" | "declaredScope" | "patches"> | undefined {
  const values = new Map(
    text.split("\n").flatMap((line): [string, string][] => {
      const equals = line.indexOf("=");
      return equals <= 0
        ? []
        : [
            [
              line.slice(0, equals),
              line
                .slice(equals + 1)
                .trim()
                .replace(/^(["'])(.*)\1$/, "$2"),
            ],
          ];
    }),
  );
  const version = values.get("VERSION") ?? "";
  if (!/^[\x21-\x7e]{1,200}$/.test(version)) return undefined;
  const architecture = values.get("ARCH") ?? "";
  const declaredScope = scopeOf(values);
  return {
    version,
    architecture: /^[A-Za-z0-9._,-]{1,50}$/.test(architecture) ? architecture : "",
    ...(declaredScope !== undefined && { declaredScope }),
    patches: patchesOf(values.get("PATCHLIST") ?? ""),
  };
}

function scopeOf(values: ReadonlyMap<string, string>): PackageScope | undefined {
  const isTrue = (key: string): boolean => values.get(key)?.toLowerCase() === "true";
  if (isTrue("SUNW_PKG_THISZONE")) return "this-host";
  return isTrue("SUNW_PKG_ALLZONES") ? "all-machines" : undefined;
}

function patchesOf(list: string): Patch[] {
  const ids = list.split(/\s+/, maxPatches).filter((id) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id));
  return [...new Set(ids)].map((id) => ({ kind: "patch", id }));
}

/** Fields between the class and the first package of an entry, by its type (contents(4)). */
const fieldsOfType: Readonly<Record<string, number>> = { e: 6, f: 6, v: 6, l: 0, s: 0, p: 3, b: 5, c: 5 };

/** Reads the list of what packages deliver: files, links and devices with the packages they are of; directories are left out. */
export function* parseContents(
  text: ByteString,
): Generator<{ readonly path: TreePath; readonly owners: readonly string[] }> {
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf("\n", at);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(at, end);
    at = end + 1;
    if (!line.startsWith("/")) continue;
    const [name = "", type = "", , ...rest] = line.split(" ");
    const skipped = fieldsOfType[type];
    const path = parseRecordedPath(name.replace(/=.*$/, ""));
    if (skipped === undefined || path === undefined) continue;
    // A mark says what an interrupted installation was doing, a suffix the class of the package.
    yield { path, owners: rest.slice(skipped).map((owner) => owner.replace(/^[^A-Za-z0-9]/, "").replace(/:.*$/, "")) };
  }
}
