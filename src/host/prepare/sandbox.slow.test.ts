import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { program } from "../../../test/cli/run-rehome.ts";
import { prepare } from "../../index.ts";
import { pathsIn } from "../../../test/support/place.ts";
import { addPrograms } from "../../../test/support/program-tree.ts";
import { run } from "../../../test/support/run.ts";
import { asRoot, temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import type { SandboxOptions, SandboxResult } from "../../system/prepare/ports.ts";
import { readMounts } from "../file-systems.ts";
import { findTool } from "../processes.ts";
import { findProcessIn } from "./processes-in-tree.ts";
import { nspawnSandbox } from "./sandbox.ts";

const needsNspawn = { skip: asRoot.skip || (findTool("systemd-nspawn") ? false : "needs systemd-nspawn") };

interface Tree {
  readonly directory: string;
  readonly root: string;
  readonly sh: (script: string, options?: Partial<SandboxOptions>) => Promise<SandboxResult>;
}

function makeTree(context: TestContext): Tree {
  const directory = temporaryDirectory(context);
  const root = join(directory, "root");
  addPrograms(root, "sh", "cat", "ls", "sleep", "env", "mount", "mknod", "setsid", "touch", "id");
  const standard = { env: {}, timeoutMs: 30_000, bind: [], device: undefined, signal: undefined };
  const sh: Tree["sh"] = (script, options) =>
    nspawnSandbox.run(root, ["/usr/bin/sh", "-c", script], { ...standard, ...options });
  return { directory, root, sh };
}

const lines = ({ output }: SandboxResult): string[] => output.trim().split("\n");
const tracesOf = (directory: string): string[] =>
  readMounts()
    .map((mount) => mount.mountPoint)
    .filter((path) => path.startsWith(directory));
/** Processes of the whole machine, those in other namespaces too, that have `word` among their words. */
const processesWith = (word: string): string[] =>
  globSync("/proc/[0-9]*/cmdline").filter((path) => {
    try {
      return readFileSync(path, "latin1").split("\0").includes(word);
    } catch {
      return false;
    }
  });

async function until(condition: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 200 && !condition(); tries++)
    await new Promise((resolve) => void setTimeout(resolve, 50));
  return condition();
}

test(
  "run() runs a program of the tree as its root, with little environment and no network",
  needsNspawn,
  async (context) => {
    const { sh, root } = makeTree(context);
    process.env["SECRET_OF_CALLER"] = "1";
    context.after(() => delete process.env["SECRET_OF_CALLER"]);
    const seen = await sh("env; ls /sys/class/net; id -u; echo done >/made", { env: { GIVEN: "yes" } });
    assert.equal(seen.exitCode, 0, seen.output);
    assert.ok(lines(seen).includes("GIVEN=yes") && lines(seen).includes("lo") && lines(seen).includes("0"));
    assert.doesNotMatch(seen.output, /SECRET_OF_CALLER|eth|REHOME/);
    assert.equal(readFileSync(join(root, "made"), "utf8"), "done\n");
    assert.equal((await sh("exit 7")).exitCode, 7);
  },
);

test("run() gives a hostile tree no device, no mount, no capability that leads out", needsNspawn, async (context) => {
  const { sh, root, directory } = makeTree(context);
  run("mknod", "-m", "666", join(root, "zero"), "c", "1", "5");
  writeFileSync(join(directory, "root.nspawn"), `[Files]\nBind=${directory}:/outside\n`);
  const opened = await sh("cat /zero");
  assert.notEqual(opened.exitCode, 0);
  assert.match(opened.output, /Permission denied/, "the tree is mounted nodev");
  for (const attack of ["mknod /made b 8 0", "mount -t proc proc /proc", "mount -o remount,dev /", "ls /outside"])
    assert.notEqual((await sh(attack)).exitCode, 0, attack);
  const [, effective = ""] = /CapEff:\s*(\w+)/.exec((await sh("cat /proc/self/status")).output) ?? [];
  const held = BigInt(`0x${effective}`);
  const [dacReadSearch, netAdmin, sysModule, sysRawio, sysPtrace, sysAdmin, mknod] = [2n, 12n, 16n, 17n, 19n, 21n, 27n];
  for (const bit of [dacReadSearch, netAdmin, sysModule, sysRawio, sysPtrace, sysAdmin, mknod])
    assert.equal((held >> bit) & 1n, 0n, `capability ${bit}`);
  const processes = lines(await sh("cd /proc; ls")).filter((name) => /^\d+$/.test(name));
  assert.ok(processes.length <= 4, `it sees its own processes only: ${processes.join()}`);
});

test("run() shows files of this host read-only, and the one device that is named", needsNspawn, async (context) => {
  const { sh, directory } = makeTree(context);
  const file = join(directory, "a:b");
  writeFileSync(file, "of the host");
  const bind = [{ from: file, to: "/run/it:is" }];
  const seen = await sh("cat '/run/it:is'; echo x >'/run/it:is' || echo refused", { bind });
  assert.match(seen.output, /^of the host\n?refused$|of the host.*refused/s);
  assert.equal(readFileSync(file, "utf8"), "of the host");
  assert.equal((await sh("ls /dev/kmsg")).exitCode === 0, false);
  assert.match((await sh("ls -l /dev/loop-control", { device: "/dev/loop-control" })).output, /^c/);
});

test(
  "run() ends everything at its time-out, what went to the background too, and leaves no mount",
  needsNspawn,
  async (context) => {
    const { sh, directory } = makeTree(context);
    const begun = performance.now();
    const ended = await sh("setsid sleep 4321.125 & echo here; sleep 4321.125", { timeoutMs: 1500 });
    assert.ok(ended.timedOut);
    assert.ok(performance.now() - begun < 10_000);
    assert.deepEqual([processesWith("4321.125"), tracesOf(directory)], [[], []]);
    const aborted = new AbortController();
    const waiting = sh("sleep 4321.25", { signal: aborted.signal });
    assert.ok(await until(() => processesWith("4321.25").length > 0));
    aborted.abort();
    await assert.rejects(waiting, { code: "INTERRUPTED" });
    assert.deepEqual(processesWith("4321.25"), []);
    assert.deepEqual(readdirSync(directory), ["root"], "no lock file beside the tree");
  },
);

test("kill -9 of rehome ends what runs in the sandbox, and its mounts go", needsNspawn, async (context) => {
  const { root, directory } = makeTree(context);
  const programs = temporaryDirectory(context);
  writeFileSync(join(programs, "10-wait"), "#!/usr/bin/sh\nsleep 4321.5\n", { mode: 0o755 });
  const [node, ...words] = program;
  const environment = { ...process.env, REHOME_PREPARE_DIR: programs, REHOME_STATE_DIR: join(programs, "state") };
  const rehome = spawn(node, [...words, "prepare", root], { env: environment, stdio: "ignore" });
  context.after(() => rehome.kill("SIGKILL"));
  assert.ok(await until(() => processesWith("4321.5").length > 0));
  rehome.kill("SIGKILL");
  await once(rehome, "close");
  assert.ok(await until(() => processesWith("4321.5").length === 0), "everything has ended");
  assert.deepEqual([tracesOf(directory), readdirSync(directory)], [[], ["root"]]);
});

test("prepare() refuses a tree that a process runs in", needsNspawn, async (context) => {
  const { root, directory, sh } = makeTree(context);
  const stop = new AbortController();
  const running = sh("sleep 4321.75", { signal: stop.signal });
  assert.ok(await until(() => findProcessIn(root) !== undefined));
  await assert.rejects(prepare(root, { paths: pathsIn(directory) }), { code: "TARGET_UNSUITABLE", message: /runs/ });
  stop.abort();
  await assert.rejects(running, { code: "INTERRUPTED" });
  assert.deepEqual((await prepare(root, { paths: pathsIn(directory) })).operations, []);
});

test("run() maps the owners of a tree that is shifted for a machine", needsNspawn, async (context) => {
  const { root, sh } = makeTree(context);
  const shift = 65_536 * 9;
  run("chown", "-R", `${shift}:${shift}`, root);
  mkdirSync(join(root, "var"));
  chownSync(join(root, "var"), shift, shift);
  const made = await sh("touch /var/file && id -u");
  assert.equal(made.exitCode, 0, made.output);
  assert.match(made.output, /^0$/m);
  assert.ok(existsSync(join(root, "var/file")));
  assert.match(run("stat", "-c", "%u:%g", join(root, "var/file")), new RegExp(`^${shift}:${shift}`));
});
