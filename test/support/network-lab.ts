import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { atEnd } from "./at-end.ts";

const script = join(import.meta.dirname, "../lab/netlab.sh");
const program = join(import.meta.dirname, "../../src/cli/main.ts");

/** Hosts of their own network, on one switch, each with a cable of the same rate; host 0 is one more than `nodes`. */
export interface NetworkLab extends Disposable {
  /** The program on a host. `wrapper`: a command in front of it. */
  readonly start: (
    host: number,
    words: readonly string[],
    variables: Readonly<Record<string, string>>,
    wrapper?: readonly string[],
  ) => ChildProcess;
  /** Any command on a host. */
  readonly run: (host: number, words: readonly string[]) => ChildProcess;
  readonly address: (host: number) => string;
  /** Ends all that runs on a host, at once. */
  readonly kill: (host: number) => void;
  /** Takes the cable of a host out. */
  readonly cut: (host: number) => void;
  /** Gives the cable of a host another rate. */
  readonly slow: (host: number, rate: string) => void;
}

/** Builds hosts in network namespaces, which go when it is disposed of. `rate` as tc(8) writes it. `wire`: see netlab.sh. */
export function openNetworkLab(nodes: number, rate: string, wire = true): NetworkLab {
  const prefix = `rt${process.pid % 10_000}n`;
  const lab = (...words: string[]): string =>
    execFileSync(script, words, { encoding: "utf8", env: { ...process.env, NETLAB: prefix, WIRE: wire ? "1" : "0" } });
  lab("up", String(nodes), rate, prefix);
  const inside = (host: number): string[] => ["netns", "exec", `${prefix}${host}`];
  return {
    start: (host, words, variables, wrapper = []) =>
      spawn("ip", [...inside(host), ...wrapper, process.execPath, program, ...words], {
        env: { ...process.env, ...variables },
        stdio: ["ignore", "pipe", "inherit"],
      }),
    run: (host, words) => spawn("ip", [...inside(host), ...words], { stdio: ["ignore", "pipe", "inherit"] }),
    address: (host) => lab("ip", String(host)).trim(),
    kill: (host) => void lab("kill", String(host)),
    cut: (host) => void lab("cut", String(host)),
    slow: (host, cableRate) => void lab("slow", String(host), cableRate),
    [Symbol.dispose]: () => void lab("down", prefix),
  };
}

/** {@link openNetworkLab} until the end of a test. */
export function networkLab(context: TestContext, nodes: number, rate: string): NetworkLab {
  const lab = openNetworkLab(nodes, rate);
  atEnd(context, () => lab[Symbol.dispose]());
  return lab;
}
