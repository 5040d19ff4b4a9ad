import * as fc from "fast-check";
import type { TestContext } from "node:test";
import { testSeed } from "./seed.ts";

/** Fails unless a property holds for `runs` random values; says which seed they came from. REHOME_TEST_SHRINK=1 looks for the smallest example. */
export async function holds<Values>(
  context: TestContext,
  property: fc.IProperty<Values> | fc.IAsyncProperty<Values>,
  runs: number = 200,
): Promise<void> {
  context.diagnostic(`REHOME_TEST_SEED=${testSeed}`);
  await fc.assert(property, {
    seed: testSeed,
    numRuns: runs,
    endOnFailure: process.env["REHOME_TEST_SHRINK"] === undefined,
  });
}
