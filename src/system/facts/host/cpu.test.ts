import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCpuFacts } from "./cpu.ts";

const v1 = "lm cmov cx8 fpu fxsr mmx syscall sse sse2";
const v2 = `${v1} cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3`;
const v3 = `${v2} avx avx2 bmi1 bmi2 f16c fma abm movbe xsave`;
const v4 = `${v3} avx512f avx512bw avx512cd avx512dq avx512vl`;

function processor(number: number, flags: string): string {
  return `processor\t: ${number}\nmodel name\t: Some CPU\nflags\t\t: ${flags}\n\n`;
}

test("parseCpuFacts() tells the level that the flags reach", () => {
  const levels = [v1, v2, v3, v4, "fpu"].map((flags) => parseCpuFacts(processor(0, flags)).cpuLevel);
  assert.deepEqual(levels, ["x86-64-v1", "x86-64-v2", "x86-64-v3", "x86-64-v4", undefined]);
});

test("parseCpuFacts() takes the level that all processors reach", () => {
  assert.deepEqual(parseCpuFacts(processor(0, v4) + processor(1, v2)), {
    cpuLevel: "x86-64-v2",
    cpuModel: "Some CPU",
    cpuCount: 2,
  });
});

test("parseCpuFacts() tells no level of other machines", () => {
  assert.deepEqual(parseCpuFacts("processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\n"), { cpuCount: 1 });
  assert.deepEqual(parseCpuFacts(""), { cpuCount: 0 });
});
