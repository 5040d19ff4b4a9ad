import { readFileSync } from "node:fs";
import type { PackageSources } from "../../journeys/build/ports.ts";
import { findTool, runTool } from "../processes.ts";

/** What this host's apt and kernel know. */
export const hostPackageSources: PackageSources = {
  async aptSources(suite, signal) {
    if (findTool("apt-get") === undefined) return [];
    // apt reads its own configuration better than anybody else could.
    const format = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)";
    const { exitCode, stdout } = await runTool(
      "apt-get",
      ["indextargets", "--format", format, "Identifier: Packages"],
      {
        signal,
      },
    );
    return exitCode === 0 ? sourcesOf(stdout, suite) : [];
  },
  async whyNotArchitecture(architecture) {
    const { stdout } = await runTool("dpkg", ["--print-architecture"], { mustSucceed: true });
    const native = stdout.trim();
    if (architecture === native || (native === "amd64" && architecture === "i386")) return undefined;
    const emulator = `qemu-${emulatorNames[architecture] ?? architecture}`;
    return isRegistered(emulator)
      ? undefined
      : `programs of ${architecture} do not run on this ${native} host: ${emulator} is not registered with the kernel; install qemu-user-static`;
  },
};

/** Lines of a `sources.list` for a suite and those that go with it, from what `apt-get indextargets` prints. */
export function sourcesOf(targets: string, suite: string): readonly string[] {
  const components = new Map<string, Set<string>>();
  for (const line of targets.split("\n")) {
    const [uri, release, component] = line.split("|");
    if (uri === undefined || release === undefined || component === undefined) continue;
    if (![suite, `${suite}-updates`, `${suite}-security`].includes(release)) continue;
    const source = `deb ${uri} ${release}`;
    components.set(source, (components.get(source) ?? new Set()).add(component));
  }
  return [...components].map(([source, names]) => `${source} ${[...names].join(" ")}`);
}

/** How QEMU calls architectures that Debian calls otherwise. */
const emulatorNames: Readonly<Record<string, string>> = {
  arm64: "aarch64",
  armhf: "arm",
  armel: "arm",
  amd64: "x86_64",
  ppc64el: "ppc64le",
  mips64el: "mips64el",
};

function isRegistered(emulator: string): boolean {
  try {
    return readFileSync(`/proc/sys/fs/binfmt_misc/${emulator}`, "utf8").startsWith("enabled");
  } catch {
    return false;
  }
}
