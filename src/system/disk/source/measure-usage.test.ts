import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import type { ChunkId, Entry, EntryContent } from "../../../core/tree/entry.ts";
import { estimateUsage, measureUsage, type SeenEntry } from "./measure-usage.ts";

function entry(path: string, content: EntryContent, attributeBytes = 0): Entry {
  const xattrs = attributeBytes === 0 ? [] : [{ name: "user.x" as ByteString, value: new Uint8Array(attributeBytes) }];
  return { path: path as TreePath, mode: 0, uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0, flags: 0, xattrs, ...content };
}

const file = (chunkBytes: number, holeBytes = 0): EntryContent => ({
  kind: "file",
  sizeBytes: chunkBytes + holeBytes,
  pieces: [
    { kind: "chunk", id: "" as ChunkId, lengthBytes: chunkBytes },
    { kind: "hole", lengthBytes: holeBytes },
  ],
});

test("measureUsage() counts whole blocks, by the deepest mount point, and neither holes nor further names", async () => {
  const entries = [
    entry("", { kind: "directory" }),
    entry("boot", { kind: "directory" }),
    entry("boot/efi", { kind: "directory" }),
    entry("boot/efi/loader", file(4097)),
    entry("boot/kernel", file(10_000, 2 ** 30)),
    entry("bootstrap", file(1), 1000),
    entry("link", { kind: "link", target: "bootstrap" as TreePath }),
    entry("short", { kind: "symlink", target: "x" as ByteString }),
    entry("srv", { kind: "directory" }),
  ];
  const usage = await measureUsage(entries, ["/", "/boot", "/boot/efi", "/empty"]);
  assert.deepEqual(Object.fromEntries(usage), {
    "/": { bytes: 4096 + (4096 + 4096) + 0 + 0 + 4096 + 5 * 64, entries: 4 },
    "/boot": { bytes: 4096 + 3 * 4096 + 2 * 64, entries: 2 },
    "/boot/efi": { bytes: 4096 + 2 * 4096 + 2 * 64, entries: 2 },
    "/empty": { bytes: 0, entries: 0 },
  });
});

test("estimateUsage() leaves room for what a system gets while it is captured", async () => {
  const mib = 2 ** 20;
  async function* seen(): AsyncGenerator<SeenEntry, void, undefined> {
    yield { path: "" as TreePath, kind: "directory", dataBytes: 0 };
    yield { path: "file" as TreePath, kind: "file", dataBytes: 16 * mib - 4 * 64 - 4096 };
    yield { path: "file-again" as TreePath, kind: "file", dataBytes: 0 };
    yield { path: "srv/socket" as TreePath, kind: "socket", dataBytes: 0 };
  }
  const usage = await estimateUsage(seen(), ["/", "/srv"]);
  const root = usage.get("/");
  assert.ok(root !== undefined && root.bytes >= 21 * mib - 4096 && root.bytes <= 21 * mib + 4096);
  assert.deepEqual(root.entries, 3 + 1 + 256);
  assert.deepEqual(usage.get("/srv"), { bytes: 68 + 4 * mib, entries: 2 + 256 });
});
