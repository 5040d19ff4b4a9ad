/**
 * Measures `rehome clone` over shaped links: `node test/bench/clone.ts [CASE…]`, all cases without one. Needs root, socat and
 * room in /dev/shm for the tree and a copy of it for each node (about 7 GB).
 */
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { simulate } from "../../src/journeys/clone/chain/simulation/simulate.ts";
import { captureAsJob } from "../../src/index.ts";
import { openNetworkLab, type NetworkLab } from "../support/network-lab.ts";
import { pathsIn } from "../support/place.ts";
import { median, run } from "./measure.ts";

/** What is sent to whom over what. `mishap`: at half of the time that the link alone takes. */
interface Case {
  readonly name: string;
  readonly what: "random" | "debian";
  readonly nodes: number;
  readonly rate: string;
  readonly mishap?: "kill" | "cut";
  /** Afterwards once more to the same nodes, one file in a hundred changed. */
  readonly again?: true;
}

interface Outcome {
  /** From the start of the session until the golden node has said so of the last copy that was read back. */
  readonly seconds: number;
  readonly verified: number;
  /** Processor seconds of each node that lived to its end. */
  readonly cpuSeconds: readonly number[];
}

const cases: readonly Case[] = [
  { name: "random-8", what: "random", nodes: 8, rate: "100mbit" },
  { name: "random-2", what: "random", nodes: 2, rate: "100mbit" },
  { name: "debian-8", what: "debian", nodes: 8, rate: "100mbit", again: true },
  { name: "kill", what: "random", nodes: 8, rate: "100mbit", mishap: "kill" },
  { name: "cut", what: "random", nodes: 8, rate: "100mbit", mishap: "cut" },
  { name: "gigabit-2", what: "random", nodes: 2, rate: "1gbit" },
  { name: "gigabit-8", what: "random", nodes: 8, rate: "1gbit" },
];

const work = "/dev/shm/rehome-bench-clone";
const paths = pathsIn(work);
const randomBytes = 200_000_000;
const victim = 4;
const halfTimeMs = (randomBytes / 11_740_000 / 2) * 1000;
const chosen = process.argv.length > 2 ? cases.filter(({ name }) => process.argv.includes(name)) : cases;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const megabytes = (bytesPerSecond: number): string => `${(bytesPerSecond / 1e6).toFixed(2)} MB/s`;

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
try {
  say(`${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)} at the start`);
  const archiveBytes = await prepare();
  for (const each of chosen) await measureCase(each, archiveBytes);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Captures what is to be sent. Returns the size of the Debian tree as tar.zst. */
async function prepare(): Promise<number> {
  const needs = (what: Case["what"]): boolean => chosen.some((each) => each.what === what);
  // The link is measured with it, whatever is cloned.
  mkdirSync(join(work, "random"));
  run(`head -c ${randomBytes} /dev/urandom > ${work}/random/file`);
  if (needs("random")) await captureAsJob(`${work}/random/`, { paths, name: "random", onProgress: () => undefined });
  if (!needs("debian")) return 0;
  const tarball = run(fileURLToPath(new URL("../lab/debian-tarball.sh", import.meta.url)));
  run(`mkdir ${work}/debian && tar -xpf ${tarball} --xattrs --xattrs-include='*' --numeric-owner -C ${work}/debian`);
  await captureAsJob(`${work}/debian/`, { paths, name: "debian", onProgress: () => undefined });
  return Number(run(`tar -cf - -C ${work}/debian . | zstd -3 -T0 -q | wc -c`));
}

async function measureCase(each: Case, archiveBytes: number): Promise<void> {
  const { name, what, nodes, rate, mishap } = each;
  using lab = openNetworkLab(nodes, rate, rate === "100mbit");
  const payload = randomBytes / (await socatSeconds(lab, 1, "random"));
  const outcome = await clone(lab, each);
  const bytes = what === "random" ? randomBytes : archiveBytes;
  const wireSeconds = bytes / payload;
  say(`\n${name}: ${what} to ${nodes} nodes at ${rate}${mishap ? `, node ${victim}: ${mishap} at half time` : ""}`);
  say(`  ${outcome.verified} of ${nodes} verified in ${outcome.seconds.toFixed(2)} s`);
  say(
    `  the link alone: ${megabytes(payload)}, ${wireSeconds.toFixed(2)} s; ratio of rates ${(wireSeconds / outcome.seconds).toFixed(3)}, of times ${(outcome.seconds / wireSeconds).toFixed(3)}`,
  );
  if (what === "random") {
    const simulated = simulatedSeconds(each, payload);
    say(
      `  the simulation of it: ${simulated.toFixed(2)} s; ratio of times ${(outcome.seconds / simulated).toFixed(3)}`,
    );
  }
  const perGigabyte = (median(outcome.cpuSeconds) / (what === "random" ? randomBytes : treeBytes())) * 1e9;
  say(`  processor seconds of a node for each GB written and verified: ${perGigabyte.toFixed(2)} (median)`);
  if (each.again) {
    run(`cd ${work}/debian && find . -xdev -type f -size +0 -links 1 | LC_ALL=C sort | awk 'NR % 100 == 0' |
      while IFS= read -r file; do echo "# changed" >> "$file"; done`);
    await captureAsJob(`${work}/debian/`, { paths, name: "debian", onProgress: () => undefined });
    const update = await clone(lab, each, true);
    say(
      `  again, one file in 100 changed: ${update.verified} of ${nodes} in ${update.seconds.toFixed(2)} s, ${(update.seconds / outcome.seconds).toFixed(3)} of the first time`,
    );
  }
  rmSync(join(work, "targets"), { recursive: true, force: true });
  if (what === "random" && mishap === undefined) {
    const chain = await socatSeconds(lab, nodes, "random");
    say(
      `  socat chain of ${nodes}: ${megabytes(randomBytes / chain)}; ratio of rates ${(chain / outcome.seconds).toFixed(3)}`,
    );
    const hop = (await socatHopCpuSeconds(lab)) / (randomBytes / 1e9);
    say(
      `  a hop of socat | tee FILE | socat: ${hop.toFixed(2)} processor seconds for each GB; ratio ${(perGigabyte / hop).toFixed(2)}`,
    );
  }
}

/** What the model of `docs/scale.md` says of a case. `payload`: bytes a second over one link. */
function simulatedSeconds({ nodes, mishap }: Case, payload: number): number {
  const frameBytes = 1024 * 1024;
  const linkBytesPerMs = payload / 1000;
  const { completeAtMs } = simulate({
    nodes,
    frames: Math.ceil(randomBytes / frameBytes),
    frameBytes,
    speeds: { linkBytesPerMs, writeBytesPerMs: linkBytesPerMs * 3, latencyMs: 0.2, hopMs: 65_536 / linkBytesPerMs },
    mishaps: mishap === undefined ? [] : [{ atMs: halfTimeMs, place: victim - 1, what: mishap }],
    lateAtMs: [],
    untilMs: 3_600_000,
  });
  return completeAtMs / 1000;
}

function treeBytes(): number {
  return Number(run(`du -s --apparent-size -B1 ${work}/debian | cut -f1`));
}

/** Serves, joins with every node, and waits for the end. */
async function clone(lab: NetworkLab, { what, nodes, mishap }: Case, isUpdate = false): Promise<Outcome> {
  const token = join(work, "token");
  const variables = (host: number) => ({ REHOME_STATE_DIR: join(work, "nodes", `${host}`), REHOME_STORE: paths.store });
  const target = (host: number): string => join(work, "targets", `${host}`);
  const times = (host: number): string => join(work, `time-${host}`);
  const session = ["--session", "bench", "--token-file", token];
  const golden = lab.start(
    0,
    ["clone", "serve", what, ...session, "--nodes", `${nodes}`, "--give-up", "3s", "--identity", "none"],
    variables(0),
  );
  let startedAtMs = 0;
  const { promise: started, resolve: onStarted } = Promise.withResolvers<void>();
  let endedAtMs = 0;
  let verified = 0;
  if (golden.stdout)
    createInterface(golden.stdout).on("line", (line) => {
      if (line.startsWith("Let's go!")) {
        startedAtMs = performance.now();
        onStarted();
      }
      if (!/^Client .*: ok$/.test(line)) return;
      verified += 1;
      endedAtMs = performance.now();
    });
  while (!existsSync(token)) await sleep(20);
  const joined = Array.from({ length: nodes }, (_, at) => {
    const host = at + 1;
    const words = [
      "clone",
      "join",
      ...session,
      "--from",
      lab.address(0),
      "--name",
      `n${host}`,
      "--dir",
      target(host),
      "-q",
      ...(isUpdate ? ["--update"] : []),
    ];
    return lab.start(host, words, variables(host), ["/usr/bin/time", "-q", "-o", times(host), "-f", "%U %S"]);
  });
  const ends = [golden, ...joined].map((child) => once(child, "exit"));
  if (mishap) {
    await started;
    await sleep(halfTimeMs);
    if (mishap === "kill") lab.kill(victim);
    else lab.cut(victim);
  }
  await ends[0];
  if (mishap === "cut") lab.kill(victim);
  await Promise.all(ends);
  const cpuSeconds = joined.flatMap((_, at) => {
    const words = existsSync(times(at + 1))
      ? readFileSync(times(at + 1), "utf8")
          .trim()
          .split(" ")
          .map(Number)
      : [];
    return words.length === 2 ? [(words[0] as number) + (words[1] as number)] : [];
  });
  rmSync(join(work, "nodes"), { recursive: true, force: true });
  rmSync(token, { force: true });
  return { seconds: (endedAtMs - startedAtMs) / 1000, verified, cpuSeconds };
}

/** What a host of a plain chain runs. `next`: where it passes everything on; nowhere at the end of the chain. */
function hopScript(host: number, port: number, next: string): string {
  const listen = `socat -u -b 65536 TCP-LISTEN:${port},reuseaddr`;
  return next === ""
    ? `${listen} CREATE:${work}/copy-${host}`
    : `${listen} - | tee ${work}/copy-${host} | socat -u -b 65536 - TCP:${next}:${port},retry=100,interval=0.1`;
}

/** How long a plain chain takes until the last of `nodes` has all. */
async function socatSeconds(lab: NetworkLab, nodes: number, what: string): Promise<number> {
  const chain = Array.from({ length: nodes }, (_, at) => {
    const next = at + 1 === nodes ? "" : lab.address(at + 2);
    return lab.run(at + 1, ["bash", "-c", hopScript(at + 1, 9000, next)]);
  });
  await sleep(500);
  const begin = performance.now();
  const ends = chain.map((child) => once(child, "exit"));
  lab.run(0, ["socat", "-u", "-b", "65536", `OPEN:${work}/${what}/file`, `TCP:${lab.address(1)}:9000`]);
  await Promise.all(ends);
  const seconds = (performance.now() - begin) / 1000;
  for (let host = 1; host <= nodes; host++) rmSync(`${work}/copy-${host}`, { force: true });
  return seconds;
}

/** Processor seconds of the middle of three. */
async function socatHopCpuSeconds(lab: NetworkLab): Promise<number> {
  const last = lab.run(2, ["bash", "-c", hopScript(2, 9001, "")]);
  await sleep(200);
  const timed = `TIMEFORMAT='%U %S'; { time { ${hopScript(1, 9001, lab.address(2))}; }; } 2> ${work}/hop`;
  const middle = lab.run(1, ["bash", "-c", timed]);
  await sleep(500);
  lab.run(0, ["socat", "-u", "-b", "65536", `OPEN:${work}/random/file`, `TCP:${lab.address(1)}:9001`]);
  await Promise.all([once(last, "exit"), once(middle, "exit")]);
  const [user = 0, system = 0] =
    readFileSync(`${work}/hop`, "utf8").trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  return user + system;
}
