import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test, type TestContext } from "node:test";
import { bootAndRun, runInside, withContainers } from "../support/container.ts";
import { debianTree } from "../support/debian-tree.ts";
import { guideCommands } from "../support/guide.ts";
import { makeRelease, releaseOnce } from "../support/release.ts";
import { run } from "../support/run.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const checkout = join(import.meta.dirname, "../..");

const [unpackLine = "", installLine = "", uninstallLine = ""] = guideCommands("install", "Elsewhere: the archive");

/** A bare Debian 12 with the release unpacked in `/root`, as the guide says. */
function treeWithRelease(context: TestContext): string {
  const tree = debianTree(context, "bare");
  const { archive } = releaseOnce();
  copyFileSync(archive, join(tree, "root", basename(archive)));
  run("sh", "-ec", `cd "$1"; ${unpackLine}`, "sh", join(tree, "root"));
  return tree;
}

/** Every path of a tree with its kind, mode and owner, but what systemd-nspawn itself leaves. */
const listTree = (tree: string): string[] =>
  run("find", tree, "-xdev", "-path", `${tree}/root/rehome-*`, "-prune", "-o", "-printf", "%P %y %m %U:%G\n")
    .split("\n")
    .filter((line) => !/^(?:(?:dev|run|tmp|var\/tmp|proc|sys)(?:\/| )|etc\/(?:resolv\.conf|machine-id) )/.test(line))
    .toSorted();

test(
  "a release runs, installs, replaces an older one and goes without a trace on a bare Debian without Node",
  withContainers,
  (context) => {
    const tree = treeWithRelease(context);
    runInside(tree, "true");
    const before = listTree(tree);
    const script = `
    if command -v node; then exit 1; fi
    test ! -e /usr/lib/x86_64-linux-gnu/libatomic.so.1
    cd /root
    rehome-*/bin/rehome --version
    ${installLine}
    rehome capture /etc/ --name web
    rehome restore web /root/new --verify
    rehome verify web --against /root/new
    rehome ls web /hostname
    test -s /usr/local/share/man/man1/rehome-capture.1
    bash -ec '. /usr/local/share/bash-completion/completions/rehome; COMP_LINE="rehome st" COMP_POINT=9; _rehome; [ "\${COMPREPLY[*]}" = store ]'
    grep -q '^ExecStart=/usr/local/bin/rehome capture' /usr/local/lib/systemd/system/rehome-capture@.service
    rm -r /root/new /var/lib/rehome
    : what an older release had and this one does not
    echo share/doc/rehome/of-old >> /usr/local/lib/rehome/installed-files
    touch /usr/local/share/doc/rehome/of-old
    ${installLine} --prefix /usr/local/
    test ! -e /usr/local/share/doc/rehome/of-old
    rehome --version
    ${uninstallLine}
    test ! -e /usr/local/bin/rehome
  `;
    const { status, output } = runInside(tree, script);
    assert.equal(status, 0, output);
    assert.deepEqual(listTree(tree), before);
  },
);

test("install.sh refuses what it cannot do well, and changes nothing", withContainers, (context) => {
  const tree = treeWithRelease(context);
  const refused = (line: string, status: number, because: RegExp): void => {
    const before = listTree(tree);
    const ran = runInside(tree, `cd /root/rehome-*-x64; set +e; ${line}; exit $?`);
    assert.equal(ran.status, status, ran.output);
    assert.match(ran.output, because);
    assert.deepEqual(listTree(tree), before);
  };
  runInside(tree, "true");
  refused("./install.sh --prefix 'a b'", 2, /other characters/);
  refused("./install.sh --prefix relative", 2, /no absolute path/);
  refused("./install.sh --prefix /opt/../etc", 2, /parts such as/);
  refused("./install.sh --prefix /", 2, /the root itself/);
  refused("./install.sh --uninstall", 1, /has no rehome/);
  writeFileSync(join(tree, "usr/local/bin/rehome"), "#!/bin/sh\n");
  refused("./install.sh", 1, /not by this script/);
});

test(
  "the Debian package installs with apt alone, is whole for dpkg, runs and is purged without a trace",
  withContainers,
  (context) => {
    const tree = debianTree(context, "bare");
    const { debianPackage } = releaseOnce();
    copyFileSync(debianPackage, join(tree, "root", basename(debianPackage)));
    writeFileSync(join(tree, "etc/apt/apt.conf.d/unattended"), 'APT::Get::Assume-Yes "true";\n');
    runInside(tree, "true");
    const before = listTree(tree);
    const script = `
    cd /root
    ${guideCommands("install", "On Debian 12, Ubuntu 22.04 or newer: the package")[0]}
    dpkg --verify rehome
    rehome capture /etc/ --name web
    rehome restore web /root/new --verify
    test -s /usr/share/man/man1/rehome.1.gz
    grep -q '^ExecStart=/usr/bin/rehome capture' /usr/lib/systemd/system/rehome-capture@.service
    rm -r /root/new /var/lib/rehome
    apt-get purge rehome
  `;
    const { status, output } = runInside(tree, script);
    assert.equal(status, 0, output);
    const left = listTree(tree).filter(
      (line) => !before.includes(line) && !/^var\/(?:log|cache|lib\/(?:apt|dpkg))\//.test(line),
    );
    assert.deepEqual(left, []);
  },
);

test("a shipped timer captures by the clock, then forgets what no rule keeps", withContainers, (context) => {
  const tree = treeWithRelease(context);
  const soon = join(tree, "etc/systemd/system/rehome-capture@web.timer.d");
  mkdirSync(soon, { recursive: true });
  writeFileSync(join(soon, "soon.conf"), "[Timer]\nOnActiveSec=1s\nRandomizedDelaySec=0\nAccuracySec=10ms\n");
  mkdirSync(join(tree, "etc/rehome/capture"), { recursive: true });
  writeFileSync(
    join(tree, "etc/rehome/capture/web.conf"),
    'SYSTEM=/etc/\nCAPTURE_OPTIONS="--exclude ssl --exclude apt"\nFORGET_OPTIONS="--keep-last 2"\n',
  );
  const [enable, ...look] = guideCommands("scheduled-captures", "A machine, every day");
  const { status, output } = bootAndRun(
    tree,
    `
    cd /root
    ${installLine}
    systemd-analyze verify --man=no rehome-capture@web.timer rehome-capture@web.service
    for number in 1 2; do rehome capture /etc/ --name web; done
    ${enable}
    until systemctl show -P ExecMainExitTimestamp rehome-capture@web.service | grep -q .; do sleep 0.2; done
    while systemctl is-active rehome-capture@web.service | grep -q activating; do sleep 0.2; done
    test "$(systemctl show -P Result rehome-capture@web.service)" = success
    test "$(systemctl is-enabled rehome-capture@web.timer)" = enabled
    ${look.join("\n")}
    rehome images web --json
    rehome ls web /apt
    `,
  );
  assert.equal(status, 0, output);
  const tags = [...output.matchAll(/"tag": ?"(\d+)"/g)].map(([, tag]) => tag);
  assert.deepEqual(tags, ["2", "3"], output);
});

test("a release of the same commit has the same bytes elsewhere, at another time, for another user's umask", (context) => {
  const copy = temporaryDirectory(context);
  const files = run("git", "-C", checkout, "ls-files", "-z", "--cached", "--others", "--exclude-standard");
  spawnSync("tar", ["-C", checkout, "--null", "-T", "-", "--mtime=@0", "-cf", join(copy, "files.tar")], {
    input: files,
  });
  run("tar", "-C", copy, "-xmf", join(copy, "files.tar"));
  symlinkSync(join(checkout, "node_modules"), join(copy, "node_modules"));
  const SOURCE_DATE_EPOCH = run("git", "-C", checkout, "log", "-1", "--format=%ct").trim();
  const again = makeRelease(
    join(copy, "output"),
    { SOURCE_DATE_EPOCH, TZ: "Asia/Kolkata", LC_ALL: "C.UTF-8", HOME: copy },
    { from: copy, umask: "077" },
  );
  const sums = (directory: string): string => readFileSync(join(directory, "SHA256SUMS"), "utf8");
  assert.equal(sums(again.directory), sums(releaseOnce().directory));
});

test("SHA256SUMS tells the files and is signed by the key that was given; a key of another kind is refused", (context) => {
  const directory = temporaryDirectory(context);
  const { archive, debianPackage, messages } = releaseOnce();
  assert.match(messages, /not signed: REHOME_SIGNING_KEY names no key/);
  for (const line of guideCommands("release", "The key")) run("sh", "-ec", `cd "$1"; ${line}`, "sh", directory);
  const signed = makeRelease(join(directory, "signed"), {
    REHOME_SIGNING_KEY: join(directory, "rehome.pem"),
  }).directory;
  copyFileSync(join(directory, "rehome.pub"), join(signed, "rehome.pub"));
  const [verifyLine = "", sumLine = ""] = guideCommands("install", "Check what you got");
  const check = (line: string): number | null => spawnSync("sh", ["-ec", line], { cwd: signed }).status;
  assert.deepEqual([check(verifyLine), check(sumLine)], [0, 0]);
  const sums = readFileSync(join(signed, "SHA256SUMS"), "utf8");
  for (const file of [archive, debianPackage]) assert.ok(sums.includes(`  ${basename(file)}\n`));
  writeFileSync(
    join(signed, "SHA256SUMS"),
    sums.replace(/^./, (digit) => (digit === "0" ? "1" : "0")),
  );
  assert.notEqual(check(verifyLine), 0);
  assert.notEqual(check(sumLine), 0);
  const other = join(directory, "rsa.pem");
  run("openssl", "genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048", "-out", other);
  const { status, stderr } = spawnSync(join(checkout, "scripts/release"), [join(directory, "none")], {
    encoding: "utf8",
    env: { ...process.env, REHOME_SIGNING_KEY: other },
  });
  assert.equal(status, 1);
  assert.match(stderr, /is no Ed25519 key/);
});
