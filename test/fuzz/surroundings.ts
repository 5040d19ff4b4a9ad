import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { UsageError } from "../../src/core/errors.ts";
import { parseMountInfo } from "../../src/core/mount-info.ts";
import { parseOperand } from "../../src/core/operand.ts";
import { displayBytes, parseDisplayed, type ByteString, type TreePath } from "../../src/core/tree/byte-string.ts";
import type { InodeStat } from "../../src/core/tree/tree-reader.ts";
import { CaptureCacheReader, CaptureCacheWriter } from "../../src/system/capture/records/capture-cache.ts";
import { planMounts } from "../../src/system/capture/selection/mounts.ts";
import type { FuzzTarget } from "./fuzz.ts";

const texts = (...list: readonly string[]): Buffer[] => list.map((text) => Buffer.from(text));

/** What people type for an image or a system. */
export const operandTarget: FuzzTarget = {
  name: "operand",
  seeds: texts(
    "/",
    "./rootfs",
    "machine:web",
    "web:2",
    "@0123456789abcdef",
    "file:///srv/store#web:golden",
    "app:größe",
    "a#b#c:d",
  ),
  decode: (bytes) => parseOperand(bytes.toString("utf8")),
  alsoAllowed: [UsageError],
};

/** Paths as people type them, and names as they are shown. */
export const displayedPathTarget: FuzzTarget = {
  name: "displayed path",
  seeds: texts("etc/passwd", "bad-\\xff\\xfe", "new\\nline\\\\", "größe", "\\x", "\\"),
  decode: (bytes) => {
    parseDisplayed(bytes.toString("utf8"));
    const name = bytes.toString("latin1") as ByteString;
    if (parseDisplayed(displayBytes(name)) !== name) throw new TypeError("a name does not come back");
  },
};

/** `/proc/self/mountinfo`, and the plan that is made from it. */
export const mountInfoTarget: FuzzTarget = {
  name: "mountinfo",
  seeds: texts(
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n23 22 0:21 / /proc rw - proc proc rw\n",
    "28 22 254:1 /@sub /mnt/with\\040space rw master:1 - btrfs /dev/vdb rw,subvol=/@sub\n29 28 0:40 / /mnt/nfs rw - nfs4 h:/x rw",
  ),
  decode: (bytes) => {
    const mounts = parseMountInfo(bytes.toString("utf8"));
    for (const kind of ["host", "other"] as const)
      planMounts(mounts, {
        root: kind === "host" ? "/" : "/mnt",
        kind,
        oneFileSystem: false,
        include: [],
        removableDevices: new Set(),
      });
  },
};

const key = { root: "/srv/tree", ownerShift: 0, redaction: "" };
const stat: InodeStat = {
  kind: "file",
  mode: 0,
  uid: 0,
  gid: 0,
  linkCount: 1,
  sizeBytes: 5,
  allocatedBytes: 0,
  mtimeSec: -1,
  mtimeNsec: 2,
  ctimeSec: 3,
  ctimeNsec: 4,
  inoHigh: 0,
  inoLow: 6,
  deviceMajor: 7,
  deviceMinor: 8,
  nodeMajor: 0,
  nodeMinor: 0,
};
const paths = Array.from({ length: 40 }, (_, number) => `d/${String(number).padStart(3, "0")}` as TreePath);
const headerBytes = 4096;

/** A file that goes when the process ends. */
function scratchFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "rehome-fuzz-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "cache");
}

function soundCache(path: string): Buffer {
  const writer = new CaptureCacheWriter(path);
  for (const [number, each] of paths.entries())
    writer.add({ path: each, stat, body: Buffer.from(`body ${number}`), dataBytes: number });
  const image = { image: "ab".repeat(32), name: "web", tag: "1" };
  writer.publish({ formatVersion: 3, ...key, ...image, startedAtMs: 1_800_000_000_000 });
  return readFileSync(path);
}

/** The capture cache: its frames as an enemy would make them, with checksums that fit. */
export function makeCaptureCacheTarget(): FuzzTarget {
  const path = scratchFile();
  const sound = soundCache(path);
  return {
    name: "capture cache",
    seeds: [sound.subarray(headerBytes + 8)],
    decode: (payload) => {
      const head = Buffer.alloc(8);
      head.writeUInt32LE(payload.length, 0);
      head.writeUInt32LE(payload.length % 16 === 0 ? 0 : crc32(payload), 4);
      writeFileSync(path, Buffer.concat([sound.subarray(0, headerBytes), head, payload]));
      const reader = CaptureCacheReader.open(path, key);
      try {
        for (const each of paths) reader?.find(each, stat);
      } finally {
        reader?.close();
      }
    },
  };
}
