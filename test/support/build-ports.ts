import type { BuildPorts } from "../../src/journeys/build/index.ts";

/** Ports of a host that has everything and does nothing; what a test looks at it gives itself. */
export function idlePorts(given: Partial<BuildPorts> = {}): BuildPorts {
  const unused = async (): Promise<never> => {
    throw new TypeError("the test did not expect this call");
  };
  return {
    programs: { runOnHost: unused, runInTree: unused, whyNot: () => undefined, isInstalled: () => true },
    images: { find: unused, restore: unused, capture: unused, findPublished: unused, remove: unused },
    files: { fingerprint: unused, copyIntoTree: unused, isInTree: () => false },
    packages: { aptSources: unused, whyNotArchitecture: async () => undefined },
    disks: { build: unused, convert: unused, test: unused, withdraw: unused },
    prepare: unused,
    ...given,
  };
}
