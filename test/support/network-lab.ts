import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { atEnd } from "./at-end.ts";

const script = join(import.meta.dirname, "../lab/netlab.sh");
const program = join(import.meta.dirname, "../../src/cli/main.ts");

/** Hosts of their own network, on one switch, each with a cable of the same rate; host 0 is one more than `nodes`. */
export interface NetworkLab {
  /** The program on a host. */
  readonly start: (host: number, words: readonly string[], variables: Readonly<Record<string, string>>) => ChildProcess;
  readonly address: (host: number) => string;
  /** Ends all that runs on a host, at once. */
  readonly kill: (host: number) => void;
  /** Takes the cable of a host out. */
  readonly cut: (host: number) => void;
}

/** Builds hosts in network namespaces, which go after the test. `rate` as tc(8) writes it. */
export function networkLab(context: TestContext, nodes: number, rate: string): NetworkLab {
  const prefix = `rt${process.pid % 10_000}n`;
  const lab = (...words: string[]): string =>
    execFileSync(script, words, { encoding: "utf8", env: { ...process.env, NETLAB: prefix, WIRE: "1" } });
  lab("up", String(nodes), rate, prefix);
  atEnd(context, () => void lab("down", prefix));
  return {
    start: (host, words, variables) => {
      const inside = ["netns", "exec", `${prefix}${host}`, process.execPath, program, ...words];
      return spawn("ip", inside, { env: { ...process.env, ...variables }, stdio: ["ignore", "pipe", "inherit"] });
    },
    address: (host) => lab("ip", String(host)).trim(),
    kill: (host) => void lab("kill", String(host)),
    cut: (host) => void lab("cut", String(host)),
  };
}
