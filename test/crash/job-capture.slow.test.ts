import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { captureAsJob } from "../../src/index.ts";
import { makeSigningKey } from "../support/signing-key.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { JobCrashes, ways, type JobCase } from "./job-crashes.ts";
import { writeVersion } from "./store-on-disk.ts";

const cases: Readonly<Record<string, JobCase>> = {
  "the first capture": {
    everyPlaceOfEngine: true,
    prepare: async ({ tree }) => writeVersion(tree, 1),
    run: ({ paths, tree }, options) => captureAsJob(`${tree}/`, { ...options, paths, name: "web" }),
  },
  "a further, signed capture": {
    async prepare({ paths, tree }) {
      writeVersion(tree, 1);
      await captureAsJob(`${tree}/`, { paths, name: "web" });
      writeVersion(tree, 2);
      makeSigningKey(paths.stateDirectory, "release");
    },
    run: ({ paths, tree }, options) =>
      captureAsJob(`${tree}/`, { ...options, paths, name: "web", sign: join(paths.stateDirectory, "release.pem") }),
  },
};

for (const [what, jobCase] of Object.entries(cases))
  for (const [way, work] of Object.entries(ways))
    test(`the job of ${what} ${way}, wherever it died`, asRoot, async (t: TestContext) => {
      await work(await JobCrashes.of(t, jobCase));
    });
