import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMountInfo, type Mount } from "../../../core/mount-info.ts";
import { planMounts, type MountRules } from "./mounts.ts";

const text = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
24 22 0:22 / /sys rw - sysfs sysfs rw
25 24 0:7 / /sys/kernel/security rw - securityfs securityfs rw
26 22 0:5 / /dev rw - devtmpfs udev rw
27 22 0:23 / /run rw - tmpfs tmpfs rw
28 22 254:1 / /home rw,relatime shared:2 - ext4 /dev/vdb rw
29 22 254:1 /backup /srv/backup rw - ext4 /dev/vdb rw
30 22 8:17 / /media/stick rw - vfat /dev/sdb1 rw
31 22 0:40 / /mnt/nfs rw - nfs4 host:/export rw
32 22 0:41 / /mnt/ssh rw - fuse.sshfs user@host:/ rw
33 22 0:42 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw,lowerdir=/a
34 22 7:0 / /snap/core ro - squashfs /dev/loop0 ro
35 22 0:43 /@data /data rw master:5 propagate_from:2 - btrfs /dev/vdc rw,subvol=/@data
36 22 0:44 / /zdata rw - zfs pool/data rw
37 22 254:3 / /mnt/with\\040space\\134\\011\\012 rw - xfs /dev/disk\\040x rw
38 22 9:0 / /opt rw - ext4 none rw`;

const mounts = parseMountInfo(text);
const rules = (more: Partial<MountRules> = {}): MountRules => ({
  root: "/",
  kind: "host",
  oneFileSystem: false,
  include: [],
  removableDevices: new Set(["8:17"]),
  ...more,
});
const taken = (more: Partial<MountRules> = {}, list: readonly Mount[] = mounts): string[] =>
  planMounts(list, rules(more))
    .filter((mount) => mount.taken)
    .map(({ mountPoint }) => mountPoint);

test("parseMountInfo() reads every field, escapes and optional fields", () => {
  assert.equal(mounts.length, 17);
  assert.deepEqual(mounts[13], {
    id: 35,
    device: "0:43",
    root: "/@data",
    mountPoint: "/data",
    type: "btrfs",
    source: "/dev/vdc",
    options: "rw",
    superOptions: "rw,subvol=/@data",
  });
  assert.equal(mounts[15]?.mountPoint, "/mnt/with space\\\t\n");
  assert.equal(mounts[15]?.source, "/dev/disk x");
});

test("parseMountInfo() leaves out what has not its shape", () => {
  assert.deepEqual(parseMountInfo(""), []);
  assert.deepEqual(parseMountInfo("nonsense\n - \n1 2 3\n\n1 2 3 4 - ext4 x"), []);
});

test("planMounts() of a host takes local block file systems, each once", () => {
  assert.deepEqual(taken(), ["/data", "/home", "/mnt/with space\\\t\n", "/zdata"]);
  const reasons = new Map(planMounts(mounts, rules()).map(({ mountPoint, reason }) => [mountPoint, reason]));
  assert.equal(reasons.get("/proc"), "pseudo file system");
  assert.equal(reasons.get("/run"), "pseudo file system");
  assert.equal(reasons.get("/mnt/nfs"), "network file system");
  assert.equal(reasons.get("/mnt/ssh"), "FUSE file system");
  assert.equal(reasons.get("/media/stick"), "removable medium");
  assert.equal(reasons.get("/srv/backup"), "already taken at another place");
  assert.equal(reasons.get("/snap/core"), "squashfs file system");
  assert.equal(reasons.get("/var/lib/docker/overlay2/x/merged"), "overlay file system");
  assert.equal(reasons.get("/opt"), "not on a local block device");
  assert.ok(!reasons.has("/"));
});

test("planMounts() takes what is asked for by name, and nothing else with one file system", () => {
  assert.ok(taken({ include: ["/mnt/nfs", "/run"] }).includes("/mnt/nfs"));
  assert.ok(taken({ include: ["/run"] }).includes("/run"));
  assert.deepEqual(taken({ oneFileSystem: true }), []);
  assert.deepEqual(taken({ oneFileSystem: true, include: ["/home"] }), ["/home"]);
});

test("planMounts() of a directory takes whatever is mounted in it but pseudo file systems", () => {
  const list = parseMountInfo(`1 0 254:0 / / rw - ext4 /dev/vda rw
2 1 7:1 / /srv/tree/disk rw - ext4 /dev/loop1 rw
3 1 0:50 / /srv/tree/memory rw - tmpfs tmpfs rw
4 1 0:51 / /srv/tree/proc rw - proc proc rw
5 1 0:52 / /srv/tree/net rw - nfs h:/x rw
6 1 7:2 / /srv/tree-2 rw - ext4 /dev/loop2 rw
7 1 7:3 / /srv rw - ext4 /dev/loop3 rw`);
  assert.deepEqual(
    planMounts(list, rules({ kind: "other", root: "/srv/tree" })).map(({ mountPoint }) => mountPoint),
    ["/srv/tree/disk", "/srv/tree/memory", "/srv/tree/net", "/srv/tree/proc"],
  );
  assert.deepEqual(taken({ kind: "other", root: "/srv/tree" }, list), [
    "/srv/tree/disk",
    "/srv/tree/memory",
    "/srv/tree/net",
  ]);
});

test("planMounts() counts the last of several mounts at one place", () => {
  const list = parseMountInfo(`1 0 254:0 / / rw - ext4 /dev/vda rw
2 1 254:5 / /mnt rw - ext4 /dev/vdf rw
3 2 0:60 / /mnt rw - tmpfs tmpfs rw`);
  assert.deepEqual(taken({}, list), []);
});
