import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

/** What one run of a command took. */
export interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Peak resident memory of the command's largest process. */
  readonly peakBytes: number;
  readonly exitStatus: number;
}

/** Runs `command` with bash and measures it with GNU time, whose figures pass through the file `scratch`. Output is dropped. */
export function measure(command: string, environment: Readonly<Record<string, string>>, scratch: string): Sample {
  const arguments_ = ["-q", "-o", scratch, "-f", "%U %S %M", "bash", "-c", command];
  const begin = performance.now();
  const child = spawnSync("/usr/bin/time", arguments_, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  const wallMs = performance.now() - begin;
  if (child.error) throw child.error;
  const exitStatus = child.status ?? 128;
  if (exitStatus !== 0) process.stderr.write(`bench: status ${exitStatus} of ${command}\n${tailOf(child.stderr)}\n`);
  const [userSeconds = 0, systemSeconds = 0, peakKib = 0] = readFileSync(scratch, "utf8").trim().split(" ").map(Number);
  return { wallMs, cpuMs: (userSeconds + systemSeconds) * 1000, peakBytes: peakKib * 1024, exitStatus };
}

/** Runs `command` with bash and returns what it wrote; throws when it fails. */
export function run(command: string, environment: Readonly<Record<string, string>> = {}): string {
  const child = spawnSync("bash", ["-euo", "pipefail", "-c", command], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
    encoding: "utf8",
  });
  if (child.status !== 0) throw new TypeError(`cannot run ${command}: status ${child.status}\n${child.stderr}`);
  return child.stdout.trim();
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function tailOf(text: Buffer): string {
  return text.toString("utf8").trim().split("\n").slice(-5).join("\n");
}
