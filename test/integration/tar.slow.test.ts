import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { capture, exportTar, listMtree, restore } from "../../src/index.ts";
import type { TarLoss } from "../../src/system/exchange/tar/write-tar.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const lab = join(import.meta.dirname, "../lab");

function run(
  command: string,
  args: readonly string[],
  options: { readonly input?: Uint8Array; readonly cwd?: string } = {},
): string {
  const { status, stdout, stderr } = spawnSync(command, args, { ...options, maxBuffer: 2 ** 30, encoding: "latin1" });
  assert.equal(status, 0, `${command} ${args.join(" ")}: ${stderr.slice(0, 2000)}`);
  return stdout;
}

async function tortured(context: Parameters<typeof temporaryDirectory>[0]) {
  const directory = temporaryDirectory(context);
  const source = join(directory, "source");
  mkdirSync(source);
  run(join(lab, "torture-tree.sh"), [source, "64"]);
  context.after(() => spawnSync("chattr", ["-R", "-i", "-a", directory]));
  const place = { store: join(directory, "store") };
  await capture(`${source}/`, { ...place, name: "torture" });
  const losses: TarLoss[] = [];
  const parts: Uint8Array[] = [];
  for await (const bytes of exportTar("torture", { ...place, onLoss: (loss) => losses.push(loss) }))
    parts.push(Buffer.from(bytes));
  const archive = Buffer.concat(parts);
  writeFileSync(join(directory, "torture.tar"), archive);
  return { directory, source, place, archive, losses };
}

/** Paths whose aspects differ between two trees, as `aspect: line`; sockets, which a tar cannot say, do not count. */
function differencesOf(source: string, target: string, losses: readonly TarLoss[]): string[] {
  const { stdout } = spawnSync(join(lab, "compare-trees.sh"), ["--flags", source, target], { encoding: "latin1" });
  const isLoss = (line: string): boolean => losses.some(({ path }) => line.startsWith(`    < ./${path}\t`));
  let aspect = "";
  return stdout.split("\n").flatMap((line) => {
    aspect = /^DIFF ([^:]+)/.exec(line)?.[1] ?? aspect;
    return /^\s+[<>]/.test(line) && !isLoss(line) ? [`${aspect}: ${line.trim()}`] : [];
  });
}

test("exportTar() writes the torture tree so that GNU tar brings it back, but for sockets and inode flags", async (context) => {
  const { directory, source, losses } = await tortured(context);
  const sockets = run("find", [source, "-type", "s", "-printf", "%P\n"]).split("\n").filter(Boolean);
  assert.ok(sockets.length > 0);
  assert.deepEqual(losses.map(({ path }) => path as string).toSorted(), sockets.toSorted());
  const target = join(directory, "gnu");
  mkdirSync(target);
  const metadata = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "--acls"];
  run("tar", ["-xpf", join(directory, "torture.tar"), "-C", target, ...metadata]);
  const differences = differencesOf(source, target, losses);
  // It does not know inode flags.
  assert.deepEqual(
    differences.filter((line) => !line.startsWith("flags: ")),
    [],
  );
});

test("exportTar() writes the torture tree so that bsdtar brings it back, inode flags too", async (context) => {
  const { directory, source, losses } = await tortured(context);
  const target = join(directory, "bsd");
  mkdirSync(target);
  run("bsdtar", [
    "-xpf",
    join(directory, "torture.tar"),
    "-C",
    target,
    "--numeric-owner",
    "--acls",
    "--xattrs",
    "--fflags",
  ]);
  const differences = differencesOf(source, target, losses);
  // It reads fractions of seconds before 1970 the wrong way round, and leaves the time of the directory it extracts into.
  assert.deepEqual(
    differences.filter((line) => !/^mtime(-dir)?: [<>] \.(\/mtime-1965)?\t/.test(line)),
    [],
  );
});

test("mtree(8) checks a restored tree by listMtree(), and finds what was changed since", async (context) => {
  const { directory, place } = await tortured(context);
  const target = join(directory, "new");
  await restore("torture", target, place);
  const lines = await Array.fromAsync(listMtree("torture", "", place));
  const check = (): { status: number | null; found: string[] } => {
    const input = Buffer.from(`${lines.join("\n")}\n`);
    const { status, stdout } = spawnSync("mtree", ["-p", target], { input, encoding: "latin1" });
    return { status, found: stdout.split("\n").filter((line) => line !== "" && line !== "extra: socket") };
  };
  assert.deepEqual(check(), { status: 0, found: [] });
  const { atime, mtime } = statSync(join(target, "xattr-user"));
  writeFileSync(join(target, "xattr-user"), Buffer.alloc(statSync(join(target, "xattr-user")).size, "x"));
  utimesSync(join(target, "xattr-user"), atime, mtime);
  chmodSync(join(target, "mode-0000"), 0o640);
  rmSync(join(target, "fifo"));
  const { status, found } = check();
  assert.equal(status, 2);
  const text = found.join("\n");
  for (const what of [/xattr-user:.*\n?.*sha256/s, /permissions \(0, 0640\)/, /fifo/]) assert.match(text, what);
});

test("listMtree() says what bsdtar reads, for every entry of the tree", async (context) => {
  const { place, source } = await tortured(context);
  const lines = await Array.fromAsync(listMtree("torture", "", place));
  const read = run("bsdtar", ["-tf", "-"], { input: Buffer.from(`${lines.join("\n")}\n`) });
  const entries = Number(run("sh", ["-c", `find "$1" ! -type s -print0 | tr -dc '\\000' | wc -c`, "sh", source]));
  assert.equal(read.split("\n").filter(Boolean).length, entries);
  // What a tree of files with content looks like to a program that knows nothing of rehome.
  const digests = lines.filter(
    (line) => line.includes("sha256digest=") && /^\S+$/.test(line.split(" ")[0]?.replace("\\", "") ?? ""),
  );
  assert.ok(digests.length > 3);
  for (const line of digests.filter((each) => !each.includes("\\") && !each.includes("size=1073"))) {
    const [path = ""] = line.split(" ");
    const [sum] = run("sha256sum", [join(source, path)]).split(" ");
    assert.ok(line.includes(`sha256digest=${sum}`), line);
  }
});
