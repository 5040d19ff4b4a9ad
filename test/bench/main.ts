import { mkdirSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { run } from "./measure.ts";
import { measureMillion } from "./million.ts";
import { removePlace } from "./place.ts";
import { formatReport } from "./report.ts";
import { measureRounds } from "./rounds.ts";
import { measureStartup } from "./startup.ts";
import { tools } from "./tools.ts";
import { makeTree, removeTree } from "./tree.ts";

const usage = `npm run bench -- [--runs N] [--disk] [--only tar,restic,borg,rehome] [--million]

Measures rehome beside tar, restic and borg on a Debian tree of about 0.73 GB with hard cases in it, and prints a report
in Markdown. Needs root.
  --runs N    medians of N runs (default 3)
  --disk      stores and restored trees on a new ext4 in a file, not in memory
  --only ...  only these tools
  --million   also a tree of 1,000,000 small files, for peak memory (takes about 10 GB of memory)
Environment: REHOME_BENCH_TREE (a directory to take instead of the Debian tree), REHOME_BENCH_WORK (default .test-cache/bench).
`;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    disk: { type: "boolean", default: false },
    only: { type: "string", default: tools.map(({ name }) => name).join(",") },
    million: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
if (process.geteuid?.() !== 0) {
  process.stderr.write("bench: cannot measure: this is an ordinary user, root is needed\n");
  process.exit(1);
}

const launcher = fileURLToPath(new URL("../../bin/rehome", import.meta.url));
const cache = process.env["REHOME_TEST_CACHE"] ?? fileURLToPath(new URL("../../.test-cache", import.meta.url));
const work = process.env["REHOME_BENCH_WORK"] ?? `${cache}/bench`;
const tree = `${work}/tree`;
const chosen = tools.filter(({ name }) => values.only.split(",").includes(name));
const rehome = chosen.find(({ name }) => name === "rehome");
const place = values.disk ? "ext4" : "tmpfs";
const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

mkdirSync(work, { recursive: true });
removePlace(work);
say("making the tree");
if (chosen.length > 0) makeTree(tree, process.env["REHOME_BENCH_TREE"]);
const environment = chosen.length > 0 ? describeEnvironment() : [];
const measured = await measureRounds({
  tools: chosen,
  runs: Number(values.runs),
  tree,
  work,
  place,
  onProgress: say,
});
removeTree(tree);
const startup = rehome && measureStartup(launcher, 31);
if (rehome && values.million) say("a million files");
const million = rehome && values.million ? measureMillion(rehome, work) : undefined;
process.stdout.write(`${formatReport({ environment, measured, startup, million })}\n`);

function describeEnvironment(): string[] {
  const version = (command: string): string => run(`${command} | head -n 1`);
  return [
    `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? "processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB of memory, Linux ${release()}, Node ${process.version}`,
    `tree: ${run(`du -s --apparent-size -B1000000 --exclude=torture "${tree}" | cut -f1`)} MB and ${run(`find "${tree}" | wc -l`)} entries, on ${run(`findmnt -n -o FSTYPE --target "${work}"`)}, warm cache; stores and restored trees on ${place === "tmpfs" ? "tmpfs" : "a new ext4"}; medians of ${values.runs} runs`,
    `${version("tar --version")}, ${version("zstd --version").replaceAll("*", "").trim()}, ${version("restic version")}, ${version("borg --version")}`,
  ];
}
