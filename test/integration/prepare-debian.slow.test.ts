import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findLeftovers, prepare, resumeJob, type PrepareResult } from "../../src/index.ts";
import { readMounts } from "../../src/host/file-systems.ts";
import { openNamespaces, treeInside } from "../../src/host/namespaces.ts";
import { findTool } from "../../src/host/processes.ts";
import { nspawnSandbox } from "../../src/host/prepare/sandbox.ts";
import { program } from "../cli/run-rehome.ts";
import { cloneTree, debianTree } from "../support/debian-tree.ts";
import { pathsIn } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

const needs = { skip: asRoot.skip || (findTool("systemd-nspawn") ? false : "needs systemd-nspawn"), timeout: 900_000 };
const oldId = "0123456789abcdef0123456789abcdef";
const lease = 'default-duid "\\000\\001\\000\\001\\055\\000RT\\000\\000\\000\\001";\n';

/** What tells one machine from another. */
const identityFiles = {
  "etc/machine-id": `${oldId}\n`,
  "etc/hostname": "golden\n",
  "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 golden\n",
  "var/lib/dhcp/dhclient6.leases": lease,
  "var/lib/systemd/random-seed": "s".repeat(512),
  "var/lib/systemd/credential.secret": "secret",
  "var/log/syslog": "golden booted\n",
  "etc/initramfs-tools/conf.d/driver-policy": "MODULES=dep\n",
};

function addIdentity(root: string): void {
  for (const [path, content] of Object.entries(identityFiles)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

function identityOf(root: string): Record<string, string> {
  const read = (path: string): string =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), "latin1") : "none";
  return {
    machineId: read("etc/machine-id"),
    hostname: read("etc/hostname"),
    hostKeys: ["rsa", "ecdsa", "ed25519"].map((type) => read(`etc/ssh/ssh_host_${type}_key.pub`)).join(),
    randomSeed: read("var/lib/systemd/random-seed"),
    duid: read("var/lib/dhcp/dhclient6.leases"),
    secret: read("var/lib/systemd/credential.secret"),
  };
}

const changedPaths = ({ operations }: PrepareResult): string[] =>
  operations.flatMap(({ done }) => done.flatMap((change) => ("path" in change ? [change.path as string] : [])));

test("two clones of one Debian system become two systems, and a moved one stays itself", needs, async (context) => {
  const golden = debianTree(context);
  addIdentity(golden);
  const before = snapshotTree(golden);
  const paths = pathsIn(join(golden, ".."));
  const [one, two] = ["one", "two"].map((name) => cloneTree(golden, join(golden, "..", name))) as [string, string];

  const first = await prepare(one, { identity: "reset", hostname: "one", paths });
  const second = await prepare(two, { identity: "reset", hostname: "two", skip: ["initramfs"], paths });
  const [a, b, old] = [identityOf(one), identityOf(two), identityOf(golden)];
  for (const what of ["machineId", "hostname", "hostKeys", "randomSeed"]) {
    assert.equal(new Set([a[what], b[what], old[what]]).size, 3, what);
    assert.notEqual(a[what], "none", what);
  }
  // systemd-networkd makes its DUID of the machine-id; dhclient draws one when it finds none.
  assert.deepEqual([a["duid"], b["duid"], a["secret"], b["secret"]], ["none", "none", "none", "none"]);
  assert.match(readFileSync(join(two, "etc/hosts"), "utf8"), /^127\.0\.1\.1 two$/m);
  assert.match(a["hostKeys"] ?? "", /root@one/);
  for (const key of globSync(join(one, "etc/ssh/ssh_host_*_key")))
    assert.match(readFileSync(key, "utf8"), /PRIVATE KEY/);

  // What changed in a clone is what the record of its preparation lists, the directories it is in, and the new keys.
  const after = new Map(snapshotTree(two).map((entry) => [entry.path, entry]));
  const listed = new Set(changedPaths(second));
  const differing = before
    .filter((entry) => JSON.stringify(entry) !== JSON.stringify(after.get(entry.path)) && entry.type !== "directory")
    .map(({ path }) => path);
  const unlisted = (names: readonly string[]): string[] => names.filter((path) => !listed.has(path));
  assert.deepEqual(unlisted(differing), []);
  const known = new Set(before.map(({ path }) => path));
  assert.deepEqual(unlisted([...after.keys()].filter((path) => !known.has(path))), []);

  // The initramfs of a golden node that only knew its own hardware has the drivers of other disk controllers.
  assert.ok(changedPaths(first).includes("etc/initramfs-tools/conf.d/zz-rehome"));
  const [image = ""] = globSync("boot/initrd.img-*", { cwd: one });
  const standard = { env: {}, timeoutMs: 120_000, bind: [], device: undefined, signal: undefined };
  // The listing is longer than what is kept of a program's output.
  const list =
    "lsinitramfs $0 | grep -E '/(ahci|nvme|virtio_blk|virtio_net|e1000e|mptspi|hv_storvsc)\\.ko|bin/(busybox|sh)$'";
  const { output } = await nspawnSandbox.run(one, ["/bin/sh", "-c", list, `/${image}`], standard);
  for (const driver of ["ahci", "nvme", "virtio_blk", "virtio_net", "e1000e", "mptspi"])
    assert.match(output, new RegExp(`/${driver}\\.ko`), driver);

  await prepare(golden, { skip: ["initramfs"], paths });
  assert.deepEqual(snapshotTree(golden), before, "a move to a directory changes nothing");
  assert.deepEqual(
    readMounts().filter(({ mountPoint }) => mountPoint.startsWith(join(golden, ".."))),
    [],
  );
});

test(
  "a preparation that is killed while update-initramfs runs is finished by the same command",
  needs,
  async (context) => {
    const root = debianTree(context);
    const place = join(root, "..");
    const [node, ...words] = program;
    const environment = {
      ...process.env,
      REHOME_STATE_DIR: join(place, "state"),
      REHOME_PREPARE_DIR: join(place, "none"),
    };
    const rehome = spawn(node, [...words, "prepare", root], { env: environment, stdio: "ignore" });
    context.after(() => rehome.kill("SIGKILL"));
    const [image = ""] = globSync("boot/initrd.img-*", { cwd: root });
    const before = readFileSync(join(root, image));
    for (let tries = 0; tries < 1200 && !existsSync(join(root, `${image}.new`)); tries++)
      await new Promise((resolve) => void setTimeout(resolve, 50));
    assert.ok(existsSync(join(root, `${image}.new`)), "it is being written");
    rehome.kill("SIGKILL");
    await once(rehome, "close");
    assert.deepEqual(
      readMounts().filter(({ mountPoint }) => mountPoint.startsWith(place)),
      [],
    );
    assert.deepEqual(readdirSync(join(root, "proc")), []);
    assert.ok(readFileSync(join(root, image)).equals(before), "the old one is whole");

    const paths = pathsIn(place);
    const [left] = (await findLeftovers({ paths })).jobs;
    assert.deepEqual([left?.state, left?.next], ["interrupted", ["resume", "cancel"]]);
    const { state, result } = await resumeJob(left?.job ?? "", { paths });
    assert.equal(state, "done");
    assert.deepEqual(
      (result as unknown as PrepareResult).operations.map(({ name }) => name),
      ["initramfs"],
    );
    assert.deepEqual(globSync("boot/initrd.img-*", { cwd: root }), [image]);
    assert.ok(readFileSync(join(root, image)).length > 10_000_000);
  },
);

test(
  "clones of a tree that was prepared for its first boot make their identity when they start",
  needs,
  async (context) => {
    const golden = debianTree(context);
    addIdentity(golden);
    await prepare(golden, {
      identity: "reset",
      fresh: "first-boot",
      skip: ["initramfs"],
      paths: pathsIn(join(golden, "..")),
    });
    const { machineId, hostKeys, randomSeed } = identityOf(golden);
    assert.deepEqual([machineId, hostKeys, randomSeed], ["", "none,none,none", "none"]);
    const clones = ["one", "two"].map((name) => cloneTree(golden, join(golden, "..", name)));
    for (const clone of clones) await startOnce(clone, () => !identityOf(clone)["hostKeys"]?.includes("none"));
    const [one, two] = clones.map(identityOf);
    for (const what of ["machineId", "hostKeys"]) assert.notEqual(one?.[what], two?.[what], what);
    assert.match(one?.["machineId"] ?? "", /^[0-9a-f]{32}\n$/);
  },
);

/** Boots a tree as a container until something is so, and ends it then. */
async function startOnce(root: string, isReady: () => boolean): Promise<void> {
  await using space = await openNamespaces();
  await space.showTree(root);
  const words = ["--quiet", `--directory=${treeInside}`, "--settings=no", "--register=no", "--keep-unit"];
  const options = { timeoutMs: 120_000, env: { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" } };
  const booted = space.enter("systemd-nspawn", [...words, "--private-network", "--console=pipe", "--boot"], options);
  const ended = booted.then(
    () => true,
    () => true,
  );
  const soon = (): Promise<false> => new Promise((resolve) => void setTimeout(() => resolve(false), 200));
  while (!isReady()) assert.ok(!(await Promise.race([ended, soon()])), "it ended before it was ready");
}
