import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  capture,
  cloneJoin,
  cloneJoinDisk,
  cloneServe,
  planCloneJoinDisk,
  type CloneJoinDiskOptions,
  type CloneServeOptions,
  type Paths,
} from "../../src/index.ts";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import { atEnd } from "../support/at-end.ts";
import { smallTree } from "../support/built-disk.ts";
import { ChildEndedError, LibraryProcess } from "../support/library-process.ts";
import { loopDevice } from "../support/loop-device.ts";
import { testPlace } from "../support/place.ts";
import { run } from "../support/run.ts";
import { asRoot } from "../support/temporary-directory.ts";

// Other tests make namespaces while these have disks mounted, and would keep them.
ensurePrivateMounts();

const mib = 2 ** 20;
/** Disks are written and thrown away; they need not reach a real one. */
const memory = "/dev/shm";

const layout = `version: 1
disks:
  - name: sda
    table: gpt
    partitions:
      - {type: bios-boot, size: 1MiB}
      - {type: esp, size: 40MiB}
      - {size: fill, fileSystem: ext4, mount: /}
      - {fileSystem: swap, size: 8MiB}
      - {size: minimum, fileSystem: ext4, mount: /srv, minimum: 32MiB}
      - {size: minimum, stream: spare}
`;

interface Partition {
  readonly start: number;
  readonly size: number;
}

/** A captured small system with a raw stream, and nodes with a disk each. */
async function makeLab(context: TestContext, largeMib = 8) {
  const place = testPlace(context, memory);
  const tree = smallTree(context);
  writeFileSync(join(tree, "etc/hostname"), "golden\n");
  writeFileSync(join(tree, "usr/bin/large"), randomBytes(largeMib * mib));
  const stream = Buffer.concat([randomBytes(2 * mib), Buffer.alloc(3 * mib), randomBytes(mib + 512)]);
  const streamFile = join(place.directory, "spare.raw");
  writeFileSync(streamFile, stream);
  await capture(`${tree}/`, { paths: place.paths, name: "web", raw: [`spare=${streamFile}`] });
  const pathsOf = (node: string): Paths => ({ ...place.paths, stateDirectory: join(place.directory, "state", node) });
  return {
    stream,
    directory: place.directory,
    disk(name: string, sizeMib: number): string {
      return loopDevice(context, join(place.directory, `${name}.disk`), sizeMib * mib);
    },
    async serve<Joined>(
      nodes: number,
      joinAll: (joinOf: (node: string, device: string) => CloneJoinDiskOptions) => Promise<Joined>,
      more: Partial<CloneServeOptions> = {},
    ) {
      const log: string[] = [];
      const stop = new AbortController();
      let joining: Promise<Joined> | undefined;
      const options: CloneServeOptions = {
        session: "lab1",
        paths: pathsOf("golden"),
        store: place.paths.store,
        port: 0,
        host: "127.0.0.1",
        settings: { nodes, order: ["n1", "n2"], giveUpMs: 60_000 },
        prepare: { identity: "reset", hostnames: { kind: "pattern", before: "node", digits: 2, after: "" } },
        disks: { layout: { file: "lab.yaml", text: layout } },
        onLog: (node, line) => void log.push(`${node}: ${line}`),
        signal: stop.signal,
        ...more,
      };
      const { nodes: records, figures } = await cloneServe("web", options, ({ token, port }) => {
        const address = { session: "lab1", token, from: "127.0.0.1", port, listenHost: "127.0.0.1" };
        joining = joinAll((node, device) => ({ ...address, name: node, paths: pathsOf(node), disks: [device] }));
        joining.catch(() => stop.abort());
      });
      const verdicts = records.map(({ verdict }) => verdict?.ok);
      return { log, figures, joined: (await joining) as Joined, verdicts };
    },
  };
}

type Lab = Awaited<ReturnType<typeof makeLab>>;

function partitionsOf(device: string): readonly Partition[] {
  const { partitiontable } = JSON.parse(run("sfdisk", "--json", device)) as {
    readonly partitiontable: { readonly partitions: readonly Partition[] };
  };
  return partitiontable.partitions.map(({ start, size }) => ({ start: start * 512, size: size * 512 }));
}

/** Looks into a file system of a disk. */
function inside<Result>(lab: Lab, device: string, { start, size }: Partition, look: (root: string) => Result): Result {
  const root = mkdtempSync(join(lab.directory, "look-"));
  run("mount", "-o", `ro,loop,offset=${start},sizelimit=${size}`, device, root);
  try {
    return look(root);
  } finally {
    run("umount", root);
    rmdirSync(root);
  }
}

function uuidAt(device: string, { start, size }: Partition): string {
  return run("blkid", "-p", "-O", String(start), "-S", String(size), "-s", "UUID", "-o", "value", device).trim();
}

/** What a finished disk must be, whatever its size and however it came about. */
function assertFinished(lab: Lab, device: string, hostname: string): readonly Partition[] {
  const partitions = partitionsOf(device);
  const [, esp, root, swap, srv, raw] = partitions;
  assert.ok(esp && root && swap && srv && raw);
  inside(lab, device, root, (tree) => {
    const read = (path: string): string => readFileSync(join(tree, path), "utf8");
    assert.equal(read("etc/hostname"), `${hostname}\n`);
    const fstab = read("etc/fstab");
    const named = [...fstab.matchAll(/^UUID=(\S+) (\S+)/gm)].map(([, uuid, place]) => `${place} ${uuid}`);
    assert.deepEqual(
      new Set(named),
      new Set([
        `/ ${uuidAt(device, root)}`,
        `none ${uuidAt(device, swap)}`,
        `/boot/efi ${uuidAt(device, esp)}`,
        `/srv ${uuidAt(device, srv)}`,
      ]),
      fstab,
    );
    assert.match(read("boot/grub/grub.cfg"), new RegExp(`root=UUID=${uuidAt(device, root)}`));
    assert.equal(readFileSync(join(tree, "usr/bin/large")).length, 8 * mib);
  });
  inside(lab, device, srv, (tree) => assert.equal(readFileSync(join(tree, "data/file"), "utf8"), "data"));
  assert.match(run("mdir", "-b", "-/", "-i", `${device}@@${esp.start}`, "::/"), /EFI\/BOOT\/BOOTX64\.EFI/i);
  const bytes = readFileSync(device).subarray(raw.start, raw.start + lab.stream.length);
  assert.ok(bytes.equals(lab.stream), "the raw partition holds the stream");
  assert.match(readFileSync(device).subarray(0, 440).toString("latin1"), /GRUB/);
  assert.equal(run("losetup", "--associated", device).trim(), "", "nothing lies over it any more");
  return partitions;
}

test("two nodes get disks of their own sizes, with names and UUIDs of their own", asRoot, async (context) => {
  const lab = await makeLab(context);
  const [small, large] = [lab.disk("small", 300), lab.disk("large", 600)];
  const beside = join(lab.directory, "beside.raw");
  const { verdicts, log, joined } = await lab.serve(2, (joinOf) =>
    Promise.all([
      cloneJoinDisk({ ...joinOf("n1", small), raw: [`spare=${beside}`] }),
      cloneJoinDisk(joinOf("n2", large)),
    ]),
  );
  assert.ok(readFileSync(beside).equals(lab.stream), "the stream went to another place, too");
  assert.deepEqual(verdicts, [true, true], log.join("\n"));
  assert.deepEqual(
    joined.map(({ devices, resumed }) => [devices, resumed]),
    [small, large].map((path) => [[{ disk: "sda", path }], false]),
  );
  const [one, two] = [assertFinished(lab, small, "node01"), assertFinished(lab, large, "node02")];
  // All the room that the larger disk has more went to what fills it.
  const sizes = (of: readonly Partition[]): number[] => of.map(({ size }) => size / mib);
  const more = sizes(two).map((size, index) => size - (sizes(one)[index] ?? 0));
  assert.deepEqual(more, [0, 0, 300, 0, 0, 0]);
  assert.notEqual(uuidAt(small, one[2] as Partition), uuidAt(large, two[2] as Partition));
});

test("a disk in use or with something on it is refused before the session counts the node", asRoot, async (context) => {
  const lab = await makeLab(context);
  const [full, used] = [lab.disk("full", 300), lab.disk("used", 300)];
  for (const device of [full, used]) run("mkfs.ext4", "-q", device);
  const place = mkdtempSync(join(lab.directory, "mount-"));
  run("mount", used, place);
  atEnd(context, () => void run("umount", place));
  const before = readFileSync(full);
  const { verdicts } = await lab.serve(1, async (joinOf) => {
    const refused = async (device: string, more: Partial<CloneJoinDiskOptions>, code: string): Promise<void> =>
      await assert.rejects(cloneJoinDisk({ ...joinOf("n1", device), ...more }), { code });
    await refused(used, { mayErase: [used] }, "DEVICE_REFUSED");
    await refused(full, {}, "DEVICE_REFUSED");
    await refused(full, { mayErase: [used] }, "DEVICE_REFUSED");
    await refused(full, { mayEraseAll: true }, "USAGE");
    await refused(full, { mayErase: [full], disks: [`sdb=${full}`] }, "USAGE");
    const named = { ...joinOf("n1", full), mayErase: [full] };
    const { erases, resumes, plan } = await planCloneJoinDisk(named);
    assert.deepEqual([erases, resumes], [{ [full]: ["ext4"] }, false]);
    assert.deepEqual(
      plan.disks[0]?.partitions.map(({ content }) => content.kind),
      ["none", "file-system", "file-system", "swap", "file-system", "raw"],
    );
    assert.ok(readFileSync(full).equals(before), "nothing was written");
    await cloneJoinDisk(named);
  });
  assert.deepEqual(verdicts, [true], "none of those that were refused was counted");
  assertFinished(lab, full, "node01");
  // The golden node may allow it for all; a layout of the node's own counts there.
  const own = join(lab.directory, "own.yaml");
  writeFileSync(own, layout.replace("size: 8MiB", "size: 16MiB"));
  const again = await lab.serve(
    1,
    (joinOf) => cloneJoinDisk({ ...joinOf("n1", full), mayEraseAll: true, layout: own }),
    { disks: { mayErase: true } },
  );
  assert.deepEqual(again.verdicts, [true]);
  assert.equal(assertFinished(lab, full, "node01")[3]?.size, 16 * mib);
});

for (const point of ["disk.file-system-made", "restore.written", "clone.disk-restore"])
  test(`a join that is killed at ${point} goes on with its own disk, unasked`, asRoot, async (context) => {
    const lab = await makeLab(context);
    const device = lab.disk("killed", 300);
    const { verdicts, log } = await lab.serve(1, async (joinOf) => {
      {
        await using child = await LibraryProcess.start(point);
        const ended = assert.rejects(child.call("cloneJoinDisk", joinOf("n1", device)), ChildEndedError);
        await child.stopped();
        await assert.rejects(cloneJoinDisk(joinOf("n1", device)), { code: "DEVICE_REFUSED" });
        child.signal("SIGKILL");
        await ended;
      }
      // Somebody else's state knows nothing of it: there it is a disk that holds something.
      await assert.rejects(cloneJoinDisk({ ...joinOf("n2", device), name: "n2" }), { code: "DEVICE_REFUSED" });
      assert.ok((await cloneJoinDisk(joinOf("n1", device))).resumed);
    });
    assert.ok(verdicts.includes(true), log.join("\n"));
    assertFinished(lab, device, "node01");
  });

test("a node that comes late gets all it needs through one whose disk is finished", asRoot, async (context) => {
  // More than a hop keeps in memory: the rest is on the disk alone, which is unmounted.
  const lab = await makeLab(context, 96);
  const device = lab.disk("finished", 500);
  await using hanging = await LibraryProcess.start("restore.written");
  const lost = Promise.withResolvers<void>();
  const { verdicts, log, figures } = await lab.serve(
    2,
    async (joinOf) => {
      const until = (words: string, resolve: () => void) => (line: string) =>
        void (line.startsWith(words) && resolve());
      const targetOf = (node: string) => join(lab.directory, "targets", node);
      const [onDisk, copied] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      // One that hangs keeps the session open; once it is lost, the one with the disk is the last of the chain.
      const second = hanging.call("cloneJoin", targetOf("n2"), joinOf("n2", device));
      const first = cloneJoinDisk({ ...joinOf("n1", device), onLine: until("verified ", onDisk.resolve) });
      await Promise.race([first, Promise.all([onDisk.promise, lost.promise])]);
      const third = cloneJoin(targetOf("n3"), { ...joinOf("n3", device), onLine: until("verified ", copied.resolve) });
      await Promise.race([third, copied.promise]);
      hanging.signal("SIGCONT");
      await Promise.all([first, second, third]);
    },
    { onNote: ({ kind }) => void (kind === "lost" && lost.resolve()) },
  );
  assert.equal(verdicts.filter((ok) => ok).length, 3, log.join("\n"));
  const imageBytes = 96 * mib;
  assert.ok(figures.sentBytes > 1.2 * imageBytes, "what nobody could read was sent again");
  assert.ok(figures.sentBytes < 2.2 * imageBytes, `${figures.sentBytes} bytes were sent`);
});
