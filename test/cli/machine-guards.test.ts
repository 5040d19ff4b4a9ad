import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commandNames } from "../../src/cli/definition/index.ts";
import { withoutNobody } from "../support/as-nobody.ts";
import { mount } from "../support/file-systems.ts";
import { run } from "../support/run.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { tryLockFile } from "../../src/host/file-locks.ts";
import { makeMachine, makeSite, moveFiles, put } from "../support/two-sites.ts";
import { program } from "./run-rehome.ts";

test(
  "detach -n gives an ordinary user the manifest, and machine list what can be seen",
  { skip: withoutNobody },
  (context) => {
    const site = makeSite(context);
    makeMachine(site, "web1", "[Exec]\nBoot=yes\n[Network]\nBridge=br0\n");
    for (const path of [site.directory, join(site.directory, "etc"), join(site.directory, "etc/nspawn")])
      chmodSync(path, 0o755);
    const asNobody = (...words: readonly string[]): ReturnType<typeof spawnSync> =>
      spawnSync(
        "setpriv",
        ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs", ...program, ...words],
        {
          cwd: site.directory,
          env: { ...site.environment, REHOME_STATE_DIR: "/nonexistent/state" },
          encoding: "utf8",
        },
      );
    const running = tryLockFile(join(site.directory, "machines/.#web1.lck"));
    const detached = asNobody("machine", "detach", "-n", "web1");
    running?.[Symbol.dispose]();
    assert.equal(detached.status, 0, String(detached.stderr));
    const manifest = JSON.parse(String(detached.stdout)) as {
      machine: { name: string };
      configuration: { nspawn: unknown[] };
    };
    assert.deepEqual([manifest.machine.name, manifest.configuration.nspawn.length], ["web1", 2]);
    const list = asNobody("machine", "list");
    assert.match(String(list.stdout), /^web1 +installed /m);
    assert.match(String(list.stderr), /may not be read; only machines with settings are listed/);
    const refused = asNobody("machine", "detach", "web1");
    assert.notEqual(refused.status, 0);
    assert.equal(site.stateOf("web1"), "installed");
  },
);

test(
  "attach makes device nodes anew with their permissions, and chowns nothing of a machine's tree",
  asRoot,
  (context) => {
    const [host1, host2] = [makeSite(context), makeSite(context)];
    makeMachine(host1, "web1");
    const root = host1.machine("web1");
    const shift = 9 * 65_536;
    mkdirSync(join(root, "dev"));
    run("mknod", "-m", "0620", join(root, "dev/null"), "c", "1", "3");
    run("mknod", "-m", "0600", join(root, "dev/disk"), "b", "8", "0");
    chownSync(join(root, "dev/null"), shift, shift + 5);
    for (const path of [
      root,
      ...readdirSync(root, { recursive: true, encoding: "utf8" }).map((name) => join(root, name)),
    ])
      if (!lstatSync(path).isCharacterDevice()) chownSync(path, shift, shift);
    assert.equal(host1.run("machine", "detach", "web1").status, 0);
    moveFiles("web1", host1, host2);
    // As a copy by a user, or into an archive without devices, leaves it.
    for (const name of ["null", "disk"]) rmSync(join(host2.machine("web1"), "dev", name));
    const owners = (): string =>
      run("find", host2.machine("web1"), "-printf", "%P %U:%G %C@\n").replaceAll(/^\S*(dev|\.rehome).*\n|^ .*\n/gm, "");
    const before = owners();
    assert.match(before, /etc\/hostname 589824:589824/);
    assert.equal(host2.run("machine", "create", "web1", "--from", host2.machine("web1")).status, 0);
    const asked = host2.run("machine", "attach", "web1");
    assert.match(asked.stdout, /the block device 8:0 would be made as dev\/disk/);
    assert.equal(host2.run("machine", "attach", "web1", "--allow", "Device").status, 0);
    assert.equal(owners(), before, "not even a change time is another");
    const made = lstatSync(join(host2.machine("web1"), "dev/null"));
    assert.ok(made.isCharacterDevice());
    assert.deepEqual([made.rdev, made.mode & 0o7777, made.uid, made.gid], [0x103, 0o620, shift, shift + 5]);
    assert.ok(lstatSync(join(host2.machine("web1"), "dev/disk")).isBlockDevice());
  },
);

test("a machine with a file system mounted below it is left alone", asRoot, (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  const place = mount(context, join(site.machine("web1"), "srv"), "-t", "tmpfs", "tmpfs");
  for (const words of [
    ["detach", "web1"],
    ["clone", "web1", "web2"],
    ["rename", "web1", "shop"],
    ["remove", "web1"],
  ]) {
    const { status, stderr } = site.run("machine", ...words);
    assert.equal(status, 3, words.join(" "));
    assert.ok(stderr.includes(`umount ${place}`), stderr);
  }
  assert.equal(site.run("machine", "detach", "web1", "-n").status, 0);
  assert.equal(site.stateOf("web1"), "installed");
});

test("nothing is installed, made or cloned over a detached machine", (context) => {
  const site = makeSite(context);
  makeMachine(site, "web1");
  makeMachine(site, "web2");
  assert.equal(site.run("capture", "machine:web2", "--store", "store").status, 0);
  assert.equal(site.run("machine", "detach", "web1").status, 0);
  const remedies = [
    ["restore", "web2", site.machine("web1"), "--into-existing", "--store", "store"],
    ["restore", "web2", site.machine("web1"), "--into-existing", "--store", "store", "-n"],
    ["machine", "create", "web1", "--from", site.machine("web1")],
    ["machine", "clone", "web2", "web1"],
    ["machine", "clone", "web1", "web3"],
  ];
  for (const words of remedies) {
    const { status, stderr } = site.run(...words);
    assert.equal(status, 3, `${words.join(" ")}: ${stderr}`);
    assert.match(
      stderr,
      /Attach it \(rehome machine attach .*\) or remove it \(rehome machine remove/,
      words.join(" "),
    );
  }
  assert.deepEqual(readdirSync(join(site.directory, "machines")).toSorted(), ["web1", "web2"]);
  assert.equal(readFileSync(join(site.machine("web1"), "etc/hostname"), "utf8"), "web1\n");
});

test("a machine is attached whose settings were written by hand, a copy of it by no means", (context) => {
  const [host1, host2] = [makeSite(context), makeSite(context)];
  makeMachine(host1, "web1");
  assert.equal(host1.run("machine", "detach", "web1").status, 0);
  moveFiles("web1", host1, host2);
  put(host2.settingsFile("web1"), "[Exec]\nBoot=yes\n");
  assert.equal(host2.run("machine", "attach", "web1").status, 0);
  assert.equal(readFileSync(host2.settingsFile("web1"), "utf8"), "[Exec]\nBoot=yes\n");

  makeMachine(host2, "twin");
  const started = host2.run("machine", "start", "twin");
  assert.equal(started.status, 3);
  assert.match(started.stderr, /it is a copy of web1.*\n.*rehome machine clone twin NEW/);
  assert.equal(host2.run("machine", "create", "other", "--from", host2.machine("twin")).status, 0);
  renameSync(host2.machine("twin"), host2.machine("other"));
  const forced = host2.document("machine", "attach", "other", "-F");
  const { error } = forced.document as { error: { code: string } };
  assert.deepEqual([forced.status, error.code], [3, "MACHINE_NOT_OWNED"], "force passes over software alone");
});

test("every command that a message, a remedy or a guide names is there", () => {
  const root = join(import.meta.dirname, "../..");
  const groups = new Set(commandNames.filter((name) => name.includes(" ")).map((name) => name.split(" ")[0] ?? ""));
  const files = ["src", "docs/how-to", "docs"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: folder === "src", encoding: "utf8" })
      .filter((name) => /\.(ts|md)$/.test(name) && !name.endsWith(".test.ts"))
      .map((name) => join(root, folder, name)),
  );
  const missing = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/\brehome (store|machine|job|clone|disk) ([a-z]+)/g)]
      .filter(
        ([, group = "", verb = ""]) =>
          groups.has(group) && !(commandNames as readonly string[]).includes(`${group} ${verb}`),
      )
      .map(([words]) => `${file}: ${words}`),
  );
  assert.deepEqual(missing, []);
});
