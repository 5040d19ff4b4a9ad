import assert from "node:assert/strict";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parseMountInfo } from "../../core/mount-info.ts";
import { tryLockFile } from "../../host/file-locks.ts";
import { testPlace } from "../../../test/support/place.ts";
import { MachineUnsuitableError } from "./errors.ts";
import { guardDirectory, guardMachine, guardTarget } from "./guards.ts";

/** As proc_pid_mountinfo(5) has it on a host with a root of ext4, and machines on something else. */
const mounts = (...more: readonly string[]): ReturnType<typeof parseMountInfo> =>
  parseMountInfo(["22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw", ...more].join("\n"));

function place(context: TestContext): {
  readonly machine: string;
  readonly paths: ReturnType<typeof testPlace>["paths"];
} {
  const { paths } = testPlace(context);
  const machine = join(paths.machinesDirectory, "web");
  mkdirSync(machine, { recursive: true });
  chmodSync(paths.machinesDirectory, 0o700);
  return { machine, paths };
}

const refused = (action: () => void): string => {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof MachineUnsuitableError);
    return `${error.message} ${error.remedy}`;
  }
  return "nothing";
};

test("guardDirectory() lets a plain directory on a local disk pass", (context) => {
  const { machine } = place(context);
  assert.equal(
    refused(() => guardDirectory("detach", "web", machine, mounts())),
    "nothing",
  );
  const san = mounts(`40 22 253:0 / ${machine} rw - xfs /dev/mapper/san-web rw`);
  assert.equal(
    refused(() => guardDirectory("detach", "web", machine, san)),
    "nothing",
  );
});

test("guardDirectory() refuses network file systems, wherever they are mounted", (context) => {
  const { machine, paths } = place(context);
  const recorded = [
    `95 29 0:54 / ${machine} rw,relatime shared:50 - nfs4 filer:/machines rw,vers=4.2,rsize=1048576,proto=tcp,addr=10.0.0.2`,
    `96 29 0:55 / ${paths.machinesDirectory} rw,relatime - nfs filer:/machines rw,vers=3,addr=10.0.0.2`,
    `97 29 0:56 / ${paths.machinesDirectory} rw,relatime - cifs //filer/machines rw,vers=3.1.1`,
    `98 29 0:57 / ${paths.machinesDirectory} rw,nosuid,nodev - fuse.sshfs filer:/machines rw,user_id=0`,
  ];
  for (const line of recorded)
    assert.match(
      refused(() => guardDirectory("detach", "web", machine, mounts(line))),
      /it lies on a network file system \((nfs4|nfs|cifs|fuse\.sshfs)\)/,
      line,
    );
  const covered = mounts(recorded[1] ?? "", `99 96 8:2 / ${machine} rw - ext4 /dev/sdb1 rw`);
  assert.equal(
    refused(() => guardDirectory("detach", "web", machine, covered)),
    "nothing",
  );
});

test("guardDirectory() names every mount below a machine, and what would unmount them", (context) => {
  const { machine } = place(context);
  const below = mounts(
    `40 22 0:40 / ${machine}/srv rw - tmpfs none rw`,
    `41 22 0:41 / ${machine}/var/lib/with\\040blank rw - tmpfs none rw`,
    `42 22 0:42 / ${machine}-other/srv rw - tmpfs none rw`,
  );
  const said = refused(() => guardDirectory("detach", "web", machine, below));
  assert.match(said, /mounted below it: \S+\/web\/srv, \S+\/web\/var\/lib\/with blank.*umount \S+\/web\/srv/);
  assert.doesNotMatch(said, /web-other/);
});

test("guardDirectory() refuses symlinks, what others can enter, and what is not there", (context) => {
  const { machine, paths } = place(context);
  const link = join(paths.machinesDirectory, "link");
  symlinkSync(machine, link);
  assert.match(
    refused(() => guardDirectory("detach", "link", link, mounts())),
    /is a symbolic link/,
  );
  assert.match(
    refused(() => guardDirectory("detach", "gone", `${machine}-gone`, mounts())),
    /is not there/,
  );
  for (const mode of [0o755, 0o750, 0o701]) {
    chmodSync(paths.machinesDirectory, mode);
    chmodSync(machine, 0o755);
    assert.match(
      refused(() => guardDirectory("detach", "web", machine, mounts())),
      /others can enter .*chmod 0700/,
    );
  }
  chmodSync(machine, 0o700);
  assert.equal(
    refused(() => guardDirectory("detach", "web", machine, mounts())),
    "nothing",
  );
});

test("guardTarget() refuses a place on the network, one that is taken, and a machine that is a mount point", (context) => {
  const { machine, paths } = place(context);
  const to = join(paths.machinesDirectory, "elsewhere");
  assert.equal(
    refused(() => guardTarget("web", machine, to, mounts())),
    "nothing",
  );
  const network = mounts(`96 29 0:55 / ${paths.machinesDirectory} rw - nfs4 filer:/machines rw`);
  assert.match(
    refused(() => guardTarget("web", machine, to, network)),
    /network file system \(nfs4\)/,
  );
  const mounted = mounts(`40 22 253:0 / ${machine} rw - xfs /dev/mapper/san-web rw`);
  assert.match(
    refused(() => guardTarget("web", machine, to, mounted)),
    /mounted at/,
  );
  assert.match(
    refused(() => guardTarget("web", to, machine, mounts())),
    /there already/,
  );
});

test("guardMachine() refuses a machine that something else is being done to", (context) => {
  const { paths } = place(context);
  assert.equal(guardMachine(paths, "web", "detach").state, "installed");
  mkdirSync(join(paths.stateDirectory, "machines"), { recursive: true });
  using _busy = tryLockFile(join(paths.stateDirectory, "machines/web.lock"));
  assert.match(
    refused(() => void guardMachine(paths, "web", "detach")),
    /another operation on it is in progress/,
  );
});
