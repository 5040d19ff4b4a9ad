import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { TreePath } from "../../src/core/tree/byte-string.ts";
import { openSystemSources } from "../../src/host/facts/index.ts";
import { readInventory } from "../../src/system/facts/index.ts";
import { chooseNeeded, compareSoftware, noRules } from "../../src/system/validate/index.ts";
import { makeLargeHost, packageCount } from "../support/large-host.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

test("two hosts of 3,000 packages each are read and compared, and it says what that takes", async (context) => {
  const directory = temporaryDirectory(context);
  const hosts = [makeLargeHost(join(directory, "a"), false), makeLargeHost(join(directory, "b"), true)] as const;
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
