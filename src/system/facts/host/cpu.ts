import type { HostFacts } from "../../../core/manifest/manifest.ts";

/** What `/proc/cpuinfo` tells. */
export type CpuFacts = Pick<HostFacts, "cpuLevel" | "cpuModel" | "cpuCount">;

/** The flags that each level adds to the one before (x86-64 psABI), by their names in `/proc/cpuinfo`. */
const levels: readonly (readonly [string, readonly string[]])[] = [
  ["x86-64-v1", ["lm", "cmov", "cx8", "fpu", "fxsr", "mmx", "syscall", "sse", "sse2"]],
  ["x86-64-v2", ["cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"]],
  ["x86-64-v3", ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"]],
  ["x86-64-v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]],
];

/** Reads the text of `/proc/cpuinfo`. Of processors that differ, the level is what all of them reach. */
export function parseCpuFacts(cpuInfo: string): CpuFacts {
  const valuesOf = (key: RegExp): string[] =>
    cpuInfo
      .split("\n")
      .filter((line) => key.test(line))
      .map((line) => line.slice(line.indexOf(":") + 1).trim());
  const reached = valuesOf(/^flags\s*:/).map((flags) => countLevels(new Set(flags.split(" "))));
  const cpuLevel = reached.length === 0 ? undefined : levels[Math.min(...reached) - 1]?.[0];
  const cpuModel = valuesOf(/^(?:model name|Model|cpu model|cpu)\s*:/).find((name) => name !== "");
  return {
    ...(cpuLevel !== undefined && { cpuLevel }),
    ...(cpuModel !== undefined && { cpuModel }),
    cpuCount: valuesOf(/^processor\s*\d*\s*:/).length,
  };
}

function countLevels(flags: ReadonlySet<string>): number {
  const missing = levels.findIndex(([, needed]) => needed.some((flag) => !flags.has(flag)));
  return missing === -1 ? levels.length : missing;
}
