import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How many packages a host of {@link makeLargeHost} has. */
export const packageCount = 3000;
const filesEach = 40;

/** A host with `packageCount` dpkg packages below `/usr`; every hundredth is of another version than on the other. */
export function makeLargeHost(root: string, isOther: boolean): string {
  mkdirSync(join(root, "var/lib/dpkg/info"), { recursive: true });
  const stanzas = Array.from({ length: packageCount }, (_, at) => {
    const list = Array.from({ length: filesEach }, (_file, file) => `/usr/lib/package-${at}/file-${file}`);
    writeFileSync(
      join(root, `var/lib/dpkg/info/package-${at}.list`),
      ["/.", "/usr", "/usr/lib", `/usr/lib/package-${at}`, ...list, ""].join("\n"),
    );
    const version = isOther && at % 100 === 0 ? "1.1-1" : "1.0-1";
    return `Package: package-${at}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`;
  });
  writeFileSync(join(root, "var/lib/dpkg/status"), stanzas.join("\n"));
  return root;
}
