import assert from "node:assert/strict";
import {
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import * as fc from "fast-check";
import { loopFileSystem } from "../../../test/support/file-systems.ts";
import { holds } from "../../../test/support/properties.ts";
import { run } from "../../../test/support/run.ts";
import { someMetadata } from "../../../test/support/some-metadata.ts";
import { asRoot, temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import type { ByteString } from "../../core/tree/byte-string.ts";
import { restorableFlags } from "../../core/tree/entry.ts";
import { SystemCallError } from "../system-call-error.ts";
import { linuxTreeReader } from "./linux-tree-reader.ts";
import { linuxTreeWriter } from "./linux-tree-writer.ts";

const tree = linuxTreeReader();
const writer = linuxTreeWriter(tree);
const name = (text: string): ByteString => text as ByteString;
const inexact = { exact: false };
const exact = { exact: true };
const fails = (errnoName: string) => (error: unknown) =>
  error instanceof SystemCallError && error.errnoName === errnoName;

interface Ground {
  readonly path: string;
  readonly directory: number;
}

function ground(context: TestContext, path = temporaryDirectory(context)): Ground {
  const directory = openSync(path, "r");
  context.after(() => closeSync(directory));
  return { path, directory };
}

test("setOpenMetadata() sets what statOpen(), readXattrsOpen() and readFlags() then say", asRoot, async (context) => {
  const { directory } = ground(context, loopFileSystem(context, 64));
  const flags = fc
    .subarray([restorableFlags.S, restorableFlags.i, restorableFlags.a, restorableFlags.d, restorableFlags.A])
    .map((list) => list.reduce((sum, flag) => sum | flag, 0));
  const value = fc.uint8Array({ maxLength: 300 });
  const xattrs = fc.uniqueArray(fc.constantFrom("security.x", "trusted.x", "user.\xff", "user.a", "user.b"), {
    maxLength: 4,
  });
  const wanted = fc.tuple(
    fc.nat(0o7777),
    fc.nat(0xffff_fffe),
    fc.nat(0xffff_fffe),
    fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 33 }),
    fc.nat(999_999_999),
    flags,
    xattrs,
    value,
  );
  let number = 0;
  await holds(
    context,
    fc.property(wanted, wanted, fc.boolean(), (first, second, isDirectory) => {
      const own = name(`entry-${++number}`);
      const file = isDirectory ? writer.makeDirectory(directory, own) : writer.createFile(directory, own, 0);
      for (const [mode, uid, gid, mtimeSec, mtimeNsec, setFlags, list, bytes] of [first, second]) {
        const set = someMetadata({
          mode,
          uid,
          gid,
          mtimeSec,
          mtimeNsec,
          flags: setFlags,
          xattrs: list.toSorted().map((attribute) => ({ name: name(attribute), value: bytes })),
        });
        assert.deepEqual(writer.setOpenMetadata(file, set, exact), []);
        const stat = tree.statOpen(file);
        assert.deepEqual(
          [stat.mode, stat.uid, stat.gid, stat.mtimeSec, stat.mtimeNsec],
          [mode, uid, gid, mtimeSec, mtimeNsec],
        );
        assert.deepEqual(tree.readXattrsOpen(file), set.xattrs);
        assert.equal(tree.readFlags(file), setFlags);
      }
      tree.close(file);
      writer.remove(directory, own);
    }),
    60,
  );
});

test("stat() sees what the kernel sees", asRoot, (context) => {
  const { path, directory } = ground(context);
  writeFileSync(join(path, "file"), "content");
  truncateSync(join(path, "file"), 2 ** 33);
  linkSync(join(path, "file"), join(path, "second"));
  const stat = tree.stat(directory, name("file"));
  const node = statSync(join(path, "file"), { bigint: true });
  assert.deepEqual([stat.kind, stat.linkCount, stat.sizeBytes, stat.mode], ["file", 2, 2 ** 33, 0o644]);
  assert.ok(stat.allocatedBytes < 1024 * 1024);
  assert.equal(BigInt(stat.mtimeSec) * 1_000_000_000n + BigInt(stat.mtimeNsec), node.mtimeNs);
  assert.equal(BigInt(stat.ctimeSec) * 1_000_000_000n + BigInt(stat.ctimeNsec), node.ctimeNs);
  assert.equal(BigInt(stat.inoLow) + BigInt(stat.inoHigh) * 2n ** 32n, node.ino);
});

test("makeNode() makes devices of any number, FIFOs and sockets", asRoot, (context) => {
  const { path, directory } = ground(context);
  const nodes = [
    ["character-device", 1, 3],
    ["block-device", 300, 70_000],
    ["character-device", 4095, 1_048_575],
    ["character-device", 0, 0],
  ] as const;
  for (const [at, [kind, major, minor]] of nodes.entries()) {
    writer.makeNode(directory, name(`node-${at}`), kind, major, minor);
    const stat = tree.stat(directory, name(`node-${at}`));
    assert.deepEqual([stat.kind, stat.nodeMajor, stat.nodeMinor], [kind, major, minor]);
  }
  for (const kind of ["fifo", "socket"] as const) {
    writer.makeNode(directory, name(kind), kind, 0, 0);
    assert.equal(tree.stat(directory, name(kind)).kind, kind);
    assert.deepEqual(writer.setMetadata(directory, name(kind), false, someMetadata({ mode: 0o4711 }), inexact), []);
    const stat = tree.stat(directory, name(kind));
    assert.deepEqual([stat.mode, stat.uid, stat.mtimeNsec], [0o4711, 1234, 123_456_789]);
  }
  assert.throws(() => tree.openFile(directory, name("socket")), fails("ENXIO"));
  assert.equal(run("stat", "-c", "%t:%T", join(path, "node-1")).trim(), "12c:11170");
});

test("openFile() does not wait for somebody to open the other end of a FIFO", asRoot, (context) => {
  const { directory } = ground(context);
  writer.makeNode(directory, name("fifo"), "fifo", 0, 0);
  const file = tree.openFile(directory, name("fifo"));
  assert.equal(tree.statOpen(file).kind, "fifo");
  tree.close(file);
});

test("setMetadata() sets a symlink's own owner, time and attributes, not its target's", asRoot, (context) => {
  const { path, directory } = ground(context, loopFileSystem(context, 32));
  writeFileSync(join(path, "target"), "");
  const before = lstatSync(join(path, "target"));
  writer.makeSymlink(directory, name("link"), name("target"));
  const attribute = { name: name("trusted.x"), value: Uint8Array.of(1, 2) };
  assert.deepEqual(writer.setMetadata(directory, name("link"), true, someMetadata({ xattrs: [attribute] }), exact), []);
  const stat = tree.stat(directory, name("link"));
  assert.deepEqual([stat.uid, stat.gid, stat.mtimeSec, stat.mtimeNsec], [1234, 4321, 1_000_000_000, 123_456_789]);
  assert.deepEqual(tree.readXattrs(directory, name("link")), [attribute]);
  assert.deepEqual(writer.setMetadata(directory, name("link"), true, someMetadata(), exact), []);
  assert.deepEqual(tree.readXattrs(directory, name("link")), []);
  assert.deepEqual(lstatSync(join(path, "target")).mtimeMs, before.mtimeMs);
  assert.equal(lstatSync(join(path, "target")).uid, before.uid);
  const long = name(`\xff${"t".repeat(3000)}`);
  writer.makeSymlink(directory, name("long"), long);
  assert.equal(tree.readLink(directory, name("long")), long);
});

test("nothing is opened, made, changed or removed through a symlink", asRoot, (context) => {
  const { path, directory } = ground(context);
  mkdirSync(join(path, "outside"));
  writeFileSync(join(path, "outside", "file"), "canary");
  symlinkSync("outside", join(path, "to-directory"));
  symlinkSync("outside/file", join(path, "to-file"));
  symlinkSync("outside/absent", join(path, "to-absent"));
  assert.throws(() => tree.openDirectory(directory, name("to-directory")), fails("ENOTDIR"));
  assert.throws(() => tree.openFile(directory, name("to-file")), fails("ELOOP"));
  assert.throws(() => writer.createFile(directory, name("to-absent"), 0), fails("EEXIST"));
  assert.throws(() => writer.makeDirectory(directory, name("to-absent")), fails("EEXIST"));
  assert.deepEqual(
    writer
      .setMetadata(directory, name("to-file"), false, someMetadata({ mode: 0o777 }), inexact)
      .map(({ what }) => what),
    ["mode"],
    "a symlink has no mode",
  );
  writer.link(directory, name("to-file"), directory, name("linked"));
  assert.equal(readlinkSync(join(path, "linked")), "outside/file");
  writer.remove(directory, name("to-directory"));
  const stat = statSync(join(path, "outside", "file"));
  assert.deepEqual(
    [stat.uid, stat.mode & 0o777, readFileSync(join(path, "outside", "file"), "utf8")],
    [0, 0o644, "canary"],
  );
});

test("write() and truncate() leave holes where nothing was written", (context) => {
  const { path, directory } = ground(context);
  const file = writer.createFile(directory, name("sparse"), 0);
  writer.write(file, Buffer.from("start"), 0);
  writer.write(file, Buffer.from("far"), 64 * 1024 * 1024);
  writer.truncate(file, 128 * 1024 * 1024);
  assert.equal(tree.seekData(file, 0), 0);
  const hole = tree.seekHole(file, 0);
  assert.ok(hole > 0 && hole <= 64 * 1024);
  assert.equal(tree.seekData(file, hole), 64 * 1024 * 1024);
  assert.equal(tree.seekData(file, 100 * 1024 * 1024), -1);
  const into = Buffer.alloc(10);
  assert.equal(tree.read(file, into, 2, 5, 64 * 1024 * 1024), 5);
  assert.equal(into.toString("latin1", 2, 5), "far");
  assert.equal(tree.read(file, into, 0, 10, 128 * 1024 * 1024), 0);
  tree.close(file);
  assert.equal(statSync(join(path, "sparse")).size, 128 * 1024 * 1024);
});

test("remove() takes a whole tree away, immutable things in it too, and is content with nothing", asRoot, (context) => {
  const { path, directory } = ground(context, loopFileSystem(context, 64));
  writer.remove(directory, name("absent"));
  mkdirSync(join(path, "tree/a/b"), { recursive: true });
  for (const file of ["tree/a/b/immutable", "tree/a/append", "tree/plain"]) writeFileSync(join(path, file), "");
  symlinkSync("/", join(path, "tree/link"));
  run("chattr", "+i", join(path, "tree/a/b/immutable"));
  run("chattr", "+a", join(path, "tree/a/append"));
  run("chattr", "+i", join(path, "tree/a/b"));
  run("chattr", "+a", join(path, "tree/a"));
  writer.remove(directory, name("tree"));
  assert.deepEqual(readdirSync(path), []);
  writeFileSync(join(path, "immutable"), "");
  run("chattr", "+i", join(path, "immutable"));
  writer.remove(directory, name("immutable"));
  assert.deepEqual(readdirSync(path), []);
});

test("replace() puts a file in the place of anything", asRoot, (context) => {
  const { path, directory } = ground(context, loopFileSystem(context, 64));
  const makers: Readonly<Record<string, () => void>> = {
    nothing: () => undefined,
    file: () => writeFileSync(join(path, "to"), "old"),
    symlink: () => symlinkSync("/etc/passwd", join(path, "to")),
    directory: () => mkdirSync(join(path, "to/full/of"), { recursive: true }),
    immutable: () => {
      writeFileSync(join(path, "to"), "old");
      run("chattr", "+i", join(path, "to"));
    },
  };
  for (const [what, make] of Object.entries(makers)) {
    make();
    writeFileSync(join(path, "from"), `new ${what}`);
    writer.replace(directory, name("from"), name("to"));
    assert.deepEqual(readdirSync(path), ["to"], what);
    assert.equal(readFileSync(join(path, "to"), "utf8"), `new ${what}`);
    writer.remove(directory, name("to"));
  }
});

test("link() gives immutable and append-only files further names, and leaves them so", asRoot, (context) => {
  const { path, directory } = ground(context, loopFileSystem(context, 32));
  for (const flag of ["i", "a"] as const) {
    writeFileSync(join(path, flag), "");
    run("chattr", `+${flag}`, join(path, flag));
    writer.link(directory, name(flag), directory, name(`${flag}-2`));
    const file = tree.openFile(directory, name(flag));
    assert.equal(tree.readFlags(file), restorableFlags[flag]);
    assert.equal(tree.statOpen(file).linkCount, 2);
    tree.close(file);
  }
});
