import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TreePath } from "../../src/core/tree/byte-string.ts";
import { openSystemSources } from "../../src/host/facts/index.ts";
import { readInventory } from "../../src/system/facts/index.ts";
import { chooseNeeded, compareSoftware, noRules } from "../../src/system/validate/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const packageCount = 3000;
const filesEach = 40;

/** A host with `packageCount` dpkg packages below `/usr`; every hundredth is of another version than on the other. */
function makeHost(root: string, isOther: boolean): string {
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

test("two hosts of 3,000 packages each are read and compared, and it says what that takes", async (context) => {
  const directory = temporaryDirectory(context);
  const hosts = [makeHost(join(directory, "a"), false), makeHost(join(directory, "b"), true)] as const;
  const inherited = ["usr" as TreePath];
  const readHost = async (root: string) => {
    using sources = openSystemSources(root, ({ message }) => assert.fail(message));
    return await readInventory(sources, { inheritedDirectories: inherited, needsPatches: () => true });
  };
  // Of this process alone: what else the machine does must not fail the test.
  const begun = process.cpuUsage();
  const [there, here] = [await readHost(hosts[0]), await readHost(hosts[1])];
  const found = compareSoftware(chooseNeeded(there, inherited, noRules), here, inherited, noRules);
  const { user, system } = process.cpuUsage(begun);
  const tookMs = (user + system) / 1000;
  assert.deepEqual(found.checkedPackages, { source: packageCount, local: packageCount });
  assert.equal(found.findings.length, packageCount / 100);
  context.diagnostic(`${tookMs.toFixed(0)} ms of processor time`);
});
