import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { InodeStat } from "../../../core/tree/tree-reader.ts";
import {
  captureCachePath,
  CaptureCacheReader,
  CaptureCacheWriter,
  type CaptureCacheHeader,
  type CachedRecord,
} from "./capture-cache.ts";

const startedAtMs = 1_800_000_000_000;
const key = { root: "/srv/tree", ownerShift: 0, redaction: "" };
const header: CaptureCacheHeader = {
  formatVersion: 3,
  ...key,
  image: "ab".repeat(32),
  name: "web",
  tag: "1",
  startedAtMs,
};
const at = (path: string): TreePath => path as TreePath;

const stat = (number: number, more: Partial<InodeStat> = {}): InodeStat => ({
  kind: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  linkCount: 1,
  sizeBytes: number,
  allocatedBytes: 0,
  mtimeSec: -number,
  mtimeNsec: 999_999_999,
  ctimeSec: 1_700_000_000,
  ctimeNsec: number,
  inoHigh: 0xffff_ffff,
  inoLow: 0xffff_0000 + number,
  deviceMajor: 254,
  deviceMinor: 1_048_575,
  nodeMajor: 0,
  nodeMinor: 0,
  ...more,
});
const body = (number: number): Buffer => Buffer.from(`body ${number} `.repeat(number % 50));
const pathOf = (number: number): TreePath => at(`d/${String(number).padStart(6, "0")}`);

function writeCache(context: TestContext, entries: number, own: CaptureCacheHeader = header): string {
  const path = join(temporaryDirectory(context), "captures", "cache");
  const writer = new CaptureCacheWriter(path);
  for (let number = 0; number < entries; number++)
    writer.add({ path: pathOf(number), stat: stat(number), body: body(number), dataBytes: number });
  writer.publish(own);
  return path;
}

function found(path: string, entries: number): number[] {
  const reader = CaptureCacheReader.open(path, key);
  if (reader === undefined) return [];
  const numbers: number[] = [];
  for (let number = 0; number < entries; number++) {
    const record: CachedRecord | undefined = reader.find(pathOf(number), stat(number));
    if (record === undefined) continue;
    assert.deepEqual(
      [Buffer.from(record.body), record.dataBytes],
      [body(number), number],
      "nothing but what was written",
    );
    numbers.push(number);
  }
  reader.close();
  return numbers;
}

test("find() gives back what was recorded, over many frames", (context) => {
  const path = writeCache(context, 5000);
  assert.equal(found(path, 5000).length, 5000);
});

test("find() is asked in walk order and skips what is not asked for", (context) => {
  const reader = CaptureCacheReader.open(writeCache(context, 5000), key);
  assert.ok(reader);
  assert.equal(reader.find(at("a"), stat(1)), undefined);
  assert.deepEqual(reader.find(pathOf(3000), stat(3000))?.dataBytes, 3000);
  assert.equal(reader.find(at("d/003000-x"), stat(3000)), undefined);
  assert.deepEqual(reader.find(pathOf(4999), stat(4999))?.dataBytes, 4999);
  assert.equal(reader.find(at("z"), stat(1)), undefined);
  assert.equal(reader.find(at("zz"), stat(1)), undefined);
  reader.close();
});

test("find() trusts no inode of which anything changed", (context) => {
  const path = writeCache(context, 10);
  const changes: readonly Partial<InodeStat>[] = [
    { sizeBytes: 8 },
    { mtimeSec: 0 },
    { mtimeNsec: 0 },
    { ctimeSec: 1_700_000_001 },
    { ctimeNsec: 0 },
    { inoLow: 1 },
    { inoHigh: 0 },
    { deviceMajor: 1 },
    { deviceMinor: 1 },
  ];
  for (const change of changes) {
    const reader = CaptureCacheReader.open(path, key);
    assert.equal(reader?.find(pathOf(7), stat(7, change)), undefined, JSON.stringify(change));
    reader?.close();
  }
});

test("find() trusts no inode that changed less than two seconds before that capture began", (context) => {
  const sec = startedAtMs / 1000;
  for (const [ctimeSec, trusted] of [
    [sec - 3, true],
    [sec - 2, false],
    [sec - 1, false],
    [sec, false],
    [sec + 100, false],
  ] as const) {
    const path = join(temporaryDirectory(context), "c", "cache");
    const writer = new CaptureCacheWriter(path);
    writer.add({ path: pathOf(1), stat: stat(1, { ctimeSec }), body: body(1), dataBytes: 1 });
    writer.publish(header);
    const reader = CaptureCacheReader.open(path, key);
    assert.equal(reader?.find(pathOf(1), stat(1, { ctimeSec })) !== undefined, trusted, `${ctimeSec - sec}`);
    reader?.close();
  }
});

test("open() takes no cache of another tree, another shift, other rules or another version", (context) => {
  const path = writeCache(context, 1);
  for (const other of [{ root: "/other" }, { ownerShift: 65_536 }, { redaction: "rules" }])
    assert.equal(CaptureCacheReader.open(path, { ...key, ...other }), undefined, JSON.stringify(other));
  const redacted = writeCache(context, 1, { ...header, redaction: "rules" });
  assert.equal(CaptureCacheReader.open(redacted, key), undefined);
  assert.equal(CaptureCacheReader.open(redacted, { ...key, redaction: "later rules" }), undefined);
  const version2 = { ...header, formatVersion: 2 } as unknown as CaptureCacheHeader;
  assert.equal(CaptureCacheReader.open(writeCache(context, 1, version2), key), undefined);
  assert.equal(CaptureCacheReader.open("/nonexistent/cache", key), undefined);
  const pathOfKey = (more: Partial<typeof key>): string => captureCachePath("/c", { ...key, ...more });
  assert.notEqual(pathOfKey({}), pathOfKey({ ownerShift: 65_536 }));
  assert.notEqual(pathOfKey({ root: "/1", ownerShift: 1 }), pathOfKey({ root: "1", ownerShift: 1 }));
  assert.notEqual(pathOfKey({}), pathOfKey({ redaction: "rules" }), "neither takes the other's place");
  assert.equal(pathOfKey({ redaction: "later rules" }), pathOfKey({ redaction: "rules" }), "old rules leave nothing");
});

test("find() gives back which secrets were left out", (context) => {
  const path = join(temporaryDirectory(context), "captures", "cache");
  const writer = new CaptureCacheWriter(path);
  const secrets = [undefined, "password-hashes", "private-key", "credentials", "token"] as const;
  for (const [number, secret] of secrets.entries())
    writer.add({
      path: pathOf(number),
      stat: stat(number),
      body: body(number),
      dataBytes: 0,
      ...(secret && { secret }),
    });
  writer.publish(header);
  const reader = CaptureCacheReader.open(path, key);
  assert.deepEqual(
    secrets.map((_, number) => reader?.find(pathOf(number), stat(number))?.secret),
    secrets,
  );
  reader?.close();
});

test("a damaged cache gives what is before the damage, and never anything wrong", (context) => {
  const path = writeCache(context, 3000);
  const sound = readFileSync(path);
  for (const position of [0, 20, 100, 4095, 4096, 4100, 4104, 5000, Math.floor(sound.length / 2), sound.length - 1]) {
    const damaged = Buffer.from(sound);
    damaged[position] = (damaged[position] ?? 0) ^ 0x55;
    writeFileSync(path, damaged);
    const numbers = found(path, 3000);
    assert.deepEqual(
      numbers,
      numbers.map((_, number) => number),
      `byte ${position}: a beginning of the whole`,
    );
  }
  for (const length of [0, 10, 4096, 4100, 4104, sound.length - 5]) {
    writeFileSync(path, sound);
    truncateSync(path, length);
    const numbers = found(path, 3000);
    assert.deepEqual(
      numbers,
      numbers.map((_, number) => number),
      `cut off at ${length}`,
    );
  }
});

test("a cache that was not published leaves nothing, and the one before in place", (context) => {
  const path = writeCache(context, 3);
  const folder = join(path, "..");
  const writer = new CaptureCacheWriter(path);
  writer.add({ path: pathOf(0), stat: stat(0), body: body(1), dataBytes: 1 });
  writer.discard();
  assert.deepEqual(readdirSync(folder), ["cache"]);
  assert.equal(found(path, 3).length, 3);
  rmSync(path);
});

test("a cache whose end became zeros gives what is before them, when the power went before it was written", (context) => {
  const entries = 9000;
  const path = writeCache(context, entries);
  const whole = readFileSync(path);
  const before = found(path, entries).length;
  assert.equal(before, entries);
  for (const zeros of [8, 100, whole.length >> 1, whole.length - 5000]) {
    writeFileSync(path, Buffer.concat([whole.subarray(0, whole.length - zeros), Buffer.alloc(zeros)]));
    assert.ok(found(path, entries).length < entries);
  }
  writeFileSync(path, Buffer.concat([whole, Buffer.alloc(4096)]));
  assert.equal(found(path, entries).length, entries);
});

test("CaptureCacheWriter removes what a capture left that was killed", (context) => {
  const path = writeCache(context, 1);
  const directory = join(path, "..");
  const { pid } = spawnSync("true");
  const running = `${"1".repeat(32)}.${process.pid}.abc`;
  for (const name of [`${"0".repeat(32)}.${pid}.abc`, running]) writeFileSync(join(directory, name), "half");
  new CaptureCacheWriter(path).discard();
  assert.deepEqual(readdirSync(directory).toSorted(), [running, "cache"].toSorted());
});
