import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  readdirSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { billOfMaterials, diffImages, exportTar, listEntries, restore } from "../../src/index.ts";
import { captureTarAsJob } from "../../src/library/jobs/kinds/images/capture-tar-job.ts";
import { sandbox } from "../cli/run-rehome.ts";
import { cycloneDxValidator } from "../support/cyclonedx-schema.ts";
import { debianTree } from "../support/debian-tree.ts";
import { guideCommands } from "../support/guide.ts";
import { testPlace } from "../support/place.ts";
import { run } from "../support/run.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";

const lab = join(import.meta.dirname, "../lab");

/** The torture tree without its sockets, which no tar can hold. */
function tortureTree(context: TestContext): string {
  const source = join(temporaryDirectory(context), "source");
  mkdirSync(source);
  run(join(lab, "torture-tree.sh"), source, "16");
  run("find", source, "-type", "s", "-delete");
  return source;
}

/** Lines in which two trees differ. */
function differences(source: string, target: string): string[] {
  const { stdout } = spawnSync(join(lab, "compare-trees.sh"), ["--flags", source, target], { encoding: "latin1" });
  let aspect = "";
  return stdout.split("\n").flatMap((line) => {
    aspect = /^DIFF ([^:]+)/.exec(line)?.[1] ?? aspect;
    return /^\s+[<>]/.test(line) ? [`${aspect}: ${line.trim()}`] : [];
  });
}

// libarchive reads fractions of seconds before 1970 the wrong way round.
const isOldFraction = (line: string): boolean => /^mtime: [<>] \.\/mtime-1965\t/.test(line);

test(
  "a torture tree that GNU tar packed comes in whole, but for inode flags, which GNU tar does not know",
  asRoot,
  async (context) => {
    const source = tortureTree(context);
    const { directory, paths } = testPlace(context);
    const archive = join(directory, "torture.tar");
    const metadata = ["--format=posix", "--xattrs", "--xattrs-include=*", "--acls", "--numeric-owner", "--sparse"];
    run("tar", "-C", source, ...metadata, "-cpf", archive, ".");
    const { manifest, name } = await captureTarAsJob(archive, { paths });
    assert.deepEqual([name.name, name.kind, manifest.tail.warnings], ["torture", "directory", []]);
    await restore("torture", join(directory, "new"), { paths });
    const found = differences(source, join(directory, "new"));
    assert.deepEqual(
      found.filter((line) => !line.startsWith("flags: ") && !isOldFraction(line)),
      [],
    );
  },
);

test(
  "a torture tree that bsdtar packed and zstd compressed comes in whole, inode flags too",
  asRoot,
  async (context) => {
    const source = tortureTree(context);
    const { directory, paths } = testPlace(context);
    const archive = join(directory, "torture.tar.zst");
    const metadata = ["--format=pax", "--xattrs", "--acls", "--fflags", "--numeric-owner", "--read-sparse"];
    // It fails for names that are not UTF-8, after it has written them.
    spawnSync("bsdtar", ["-C", source, ...metadata, "--zstd", "-cpf", archive, "."]);
    const { name } = await captureTarAsJob(archive, { paths });
    assert.equal(name.name, "torture");
    await restore("torture", join(directory, "new"), { paths });
    assert.deepEqual(
      differences(source, join(directory, "new")).filter((line) => !isOldFraction(line)),
      [],
    );
  },
);

test("what rehome tar wrote comes in as the same image", asRoot, async (context) => {
  const source = tortureTree(context);
  const { directory, paths } = testPlace(context);
  const first = join(directory, "first.tar");
  run("tar", "-C", source, "--xattrs", "--xattrs-include=*", "--acls", "--format=posix", "-cpf", first, ".");
  await captureTarAsJob(first, { paths, name: "web" });
  const parts: Uint8Array[] = [];
  for await (const bytes of exportTar("web", { paths })) parts.push(Buffer.from(bytes));
  const second = join(directory, "second.tar");
  const file = openSync(second, "wx");
  for (const part of parts) writeSync(file, part);
  closeSync(file);
  await captureTarAsJob(second, { paths, name: "web" });
  const found = await Array.fromAsync(diffImages("web:1", "web:2", { paths }));
  // Each way through libarchive turns that fraction round once.
  assert.deepEqual(
    found.filter(({ path }) => (path as string) !== "mtime-1965"),
    [],
  );
});

test(
  "a system as docker export and podman export write it, without an entry for its root, comes in whole",
  asRoot,
  async (context) => {
    const tree = debianTree(context, "bare");
    const { directory, paths } = testPlace(context);
    const archive = join(directory, "web.tar");
    run("setcap", "cap_net_raw+ep", join(tree, "usr/bin/id"));
    appendFileSync(join(tree, "etc/bash.bashrc"), "# changed here\n");
    const metadata = ["--format=posix", "--xattrs", "--xattrs-include=*", "--numeric-owner", "--sort=name"];
    run("tar", "-C", tree, ...metadata, "-cpf", archive, ...readdirSync(tree).toSorted());
    const mask = process.umask(0o077);
    const { manifest } = await captureTarAsJob(archive, { paths, name: "web" });
    process.umask(mask);
    assert.equal(manifest.head.facts.osRelease?.["ID"], "debian");
    assert.ok(manifest.head.facts.packages.some(({ name }) => name === "systemd-sysv"));
    const bill = JSON.parse(JSON.stringify(await billOfMaterials("web", { paths }))) as {
      readonly components: readonly { readonly name: string; readonly properties?: readonly object[] }[];
    };
    const validate = cycloneDxValidator();
    assert.ok(validate(bill), JSON.stringify(validate.errors?.slice(0, 3)));
    const modified = bill.components.filter((each) => JSON.stringify(each.properties).includes("rehome:modified-file"));
    assert.deepEqual(
      modified.map(({ name }) => name),
      ["bash"],
    );
    await restore("web", join(directory, "new"), { paths });
    const found = differences(tree, join(directory, "new"));
    assert.deepEqual(
      found.filter((line) => !/^mtime-dir: [<>] \.\t/.test(line)),
      [],
    );
  },
);

const extracted = (state: string): string[] => globSync(join(state, "jobs/*/extracted"));

test(
  "a hostile archive writes nothing outside, and one that does not come out whole is refused and leaves nothing",
  asRoot,
  async (context) => {
    const { directory, paths } = testPlace(context);
    const make = (name: string, ...words: readonly string[]): string => {
      run("tar", "-C", directory, "-cPf", join(directory, name), ...words);
      return join(directory, name);
    };
    mkdirSync(join(directory, "outside"));
    run("sh", "-c", 'echo content >"$1/a"; ln -s "$1/outside" "$1/link"', "sh", directory);
    const above = make("above.tar", "--transform=s,^,../../../,", "a");
    await assert.rejects(captureTarAsJob(above, { paths, name: "bad" }), { code: "TOOL_FAILED" });
    const through = make("through.tar", "link");
    run("tar", "-C", directory, "-rPf", through, "--transform=s,^,link/,", "a");
    await assert.rejects(captureTarAsJob(through, { paths, name: "bad" }), { code: "TOOL_FAILED" });
    const whole = make("whole.tar", "a");
    run("truncate", "-s", "600", whole);
    await assert.rejects(captureTarAsJob(whole, { paths, name: "bad" }), { code: "TOOL_FAILED" });
    assert.deepEqual(readdirSync(join(directory, "outside")), []);
    assert.deepEqual(extracted(paths.stateDirectory), []);
    assert.deepEqual(globSync(join(paths.stateDirectory, "**/a")), []);

    // A name from the root is one below the image's.
    const absolute = make("absolute.tar", "--transform=s,^,/outside/,", "a");
    await captureTarAsJob(absolute, { paths, name: "absolute" });
    const names = (await Array.fromAsync(listEntries("absolute", "", { paths }))).map(({ path }) => path as string);
    assert.deepEqual(names, ["", "outside", "outside/a"]);
    assert.deepEqual(readdirSync(join(directory, "outside")), []);
  },
);

test(
  "a capture from a tar that is killed leaves what job repair clears up, and the same command captures it",
  asRoot,
  async (context) => {
    const { directory, run: rehome, start } = sandbox(context);
    const state = join(directory, "state");
    run(
      "sh",
      "-ec",
      'mkdir "$1/src"; for i in 1 2 3; do head -c 300000 /dev/urandom >"$1/src/$i"; done',
      "sh",
      directory,
    );
    run("chattr", "+i", join(directory, "src/1"));
    run("bsdtar", "-C", join(directory, "src"), "--fflags", "-cf", join(directory, "whole.tar"), "1", "2", "3");
    run("mkfifo", join(directory, "web.tar"));
    const child = start("capture", "--from-tar", "web.tar", "--name", "web");
    const ended = new Promise((resolve) => child.once("exit", resolve));
    // As much as makes it extract the first file, and wait for more in the second.
    const pipe = openSync(join(directory, "web.tar"), "w");
    writeSync(pipe, Buffer.from(run("base64", "-w0", join(directory, "whole.tar")), "base64"), 0, 500_000);
    while (globSync(join(state, "jobs/*/extracted/tree/2")).length === 0) await wait(50);
    child.kill("SIGKILL");
    await ended;
    assert.equal(extracted(state).length, 1);
    // bsdtar went with it: nobody reads the pipe any more.
    for (const deadline = Date.now() + 10_000; Date.now() < deadline; await wait(50)) {
      const { stdout } = spawnSync("pgrep", ["-f", join(directory, "web.tar")], { encoding: "utf8" });
      if (stdout === "") break;
    }
    assert.equal(spawnSync("pgrep", ["-f", join(directory, "web.tar")], { encoding: "utf8" }).stdout, "");
    closeSync(pipe);
    assert.equal(rehome("job", "repair").status, 0);
    assert.deepEqual(extracted(state), []);
    run("rm", join(directory, "web.tar"));
    run("mv", join(directory, "whole.tar"), join(directory, "web.tar"));
    const again = rehome("capture", "--from-tar", "web.tar", "--name", "web");
    assert.equal(again.status, 0, again.stderr);
    assert.match(again.stdout, /^web:1 /);
    assert.equal(rehome("ls", "web").stdout, "1\n2\n3\n");
    assert.deepEqual(extracted(state), []);
  },
);

test("the commands of the guide about tar work, and what is wrong with --from-tar is said", asRoot, (context) => {
  const { directory, run: rehome } = sandbox(context);
  mkdirSync(join(directory, "rootfs"));
  chmodSync(join(directory, "rootfs"), 0o750);
  run("tar", "-C", join(directory, "rootfs"), "-cf", join(directory, "web.tar"), ".");
  const [capture = "", ...rest] = guideCommands("tar", "From a tar").filter((line) => line.startsWith("rehome "));
  const words = (line: string): string[] => line.split(" ").slice(1);
  const dry = rehome(...words(capture), "-n");
  assert.match(dry.stdout, /^would capture .*\/web\.tar \(directory\) as web,/);
  assert.equal(existsSync(join(directory, "state")), false);
  assert.equal(rehome(...words(capture)).status, 0);
  for (const line of rest) assert.equal(rehome(...words(line)).status, 0, line);
  for (const line of guideCommands("tar", "Into a tar").filter((each) => each.includes("--output")))
    assert.equal(rehome(...words(line)).status, 0, line);
  assert.equal(rehome("capture").status, 2);
  assert.equal(rehome("capture", "/", "--from-tar", "web.tar").status, 2);
  assert.equal(rehome("capture", "--from-tar", "none.tar").status, 2);
  assert.equal(rehome("capture", "--from-tar", "rootfs").status, 2);
});
