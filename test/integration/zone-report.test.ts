import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TreePath } from "../../src/core/tree/byte-string.ts";
import { openSystemSources } from "../../src/host/facts/index.ts";
import { readInventory } from "../../src/system/facts/index.ts";
import { chooseNeeded, compareSoftware, noRules, renderReport } from "../../src/system/validate/index.ts";
import { makeSolarisHosts } from "../support/solaris-hosts.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const golden = readFileSync(join(import.meta.dirname, "../golden/zone-report.txt"), "utf8")
  .trim()
  .split("\n");

/** Lines by the heading they stand below; a version in a line of its own belongs to the line before. */
function sections(lines: readonly string[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  let current: string[] = [];
  for (const line of lines.map((text) => text.trim())) {
    if (/^(?:source|local) host/.test(line)) found[line] = current = [];
    else if (line === "what would mend it") break;
    else if (line.startsWith("(")) current.push(`${current.pop() ?? ""} ${line}`);
    else current.push(line);
  }
  return found;
}

test("the example of the proposal for zone migration gives its report, each line in its section", async (context) => {
  const hosts = makeSolarisHosts(temporaryDirectory(context));
  const inherited = ["usr" as TreePath];
  const inventoryOf = async (root: string) => {
    using sources = openSystemSources(root, ({ message }) => assert.fail(message));
    return await readInventory(sources, { inheritedDirectories: inherited, needsPatches: () => true });
  };
  const needed = chooseNeeded(await inventoryOf(hosts.source), inherited, noRules);
  const report = renderReport(compareSoftware(needed, await inventoryOf(hosts.target), inherited, noRules));
  const [expected, actual] = [sections(golden), sections(report)];
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [heading, lines] of Object.entries(expected))
    assert.deepEqual(actual[heading]?.toSorted(), lines.toSorted(), heading);
});
