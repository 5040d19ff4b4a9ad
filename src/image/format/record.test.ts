import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { entries } from "../../../test/support/arbitrary.ts";
import { holds } from "../../../test/support/properties.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { FormatInvalidError } from "../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { readBody, writeBody } from "./record.ts";

const path = "a" as TreePath;
const read = (hex: string): ReturnType<typeof readBody> => {
  const reader = new ByteReader(Buffer.from(hex.replaceAll(" ", ""), "hex"), "test");
  const entry = readBody(reader, path);
  reader.end();
  return entry;
};
const head = "ed03 00 00 00 00 00 00";
const chunk = "ab".repeat(32);

test("readBody() gives back what writeBody() wrote", async (context) => {
  await holds(
    context,
    fc.property(entries, (entry) => {
      const out = new ByteWriter(16);
      writeBody(out, entry);
      const reader = new ByteReader(out.view(), "test");
      assert.deepEqual(readBody(reader, entry.path), entry);
      reader.end();
    }),
    1000,
  );
});

test("readBody() reads records written by hand from the format", () => {
  const metadata = { path, mode: 0o755, uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0, flags: 0, xattrs: [] };
  assert.deepEqual(read(`01 ${head}`), { kind: "directory", ...metadata });
  assert.deepEqual(read(`02 ${head} 00`), { kind: "file", sizeBytes: 0, pieces: [], ...metadata });
  const pieces = [
    { kind: "chunk", id: chunk, lengthBytes: 5 },
    { kind: "hole", lengthBytes: 100 },
  ];
  assert.deepEqual(read(`02 ${head} 69 0a ${chunk} c901`), { kind: "file", sizeBytes: 105, pieces, ...metadata });
  assert.deepEqual(read(`03 ${head} 03 2e2e2f`), { kind: "symlink", target: "../", ...metadata });
  assert.deepEqual(read(`04 ${head}`), { kind: "fifo", ...metadata });
  assert.deepEqual(read(`05 ${head}`), { kind: "socket", ...metadata });
  assert.deepEqual(read(`06 ${head} 01 03`), { kind: "character-device", major: 1, minor: 3, ...metadata });
  assert.deepEqual(read(`07 ${head} ac02 f0a204`), { kind: "block-device", major: 300, minor: 70_000, ...metadata });
  assert.deepEqual(read("08 03 622f63"), { kind: "link", target: "b/c", ...metadata, mode: 0 });
  const attribute = { name: "user.a", value: Uint8Array.of(0, 255) };
  assert.deepEqual(read("01 ff1f ffffffff0f 81d0acf30e 01 ff93ebdc03 30 01 06 757365722e61 02 00ff"), {
    path,
    kind: "directory",
    mode: 0o7777,
    uid: 0xffff_ffff,
    gid: 4_000_000_001,
    mtimeSec: -1,
    mtimeNsec: 999_999_999,
    flags: 0x30,
    xattrs: [attribute],
  });
});

test("readBody() refuses what is beyond the limits of a record", () => {
  const refused: Readonly<Record<string, string>> = {
    "no kind": "",
    "kind 0": `00 ${head}`,
    "kind 9": `09 ${head}`,
    "a mode of 15 bits": "01 8020 00 00 00 00 00 00",
    "an owner of 33 bits": "01 00 8080808010 00 00 00 00 00",
    "a group of 33 bits": "01 00 00 8080808010 00 00 00 00",
    "a second of nanoseconds": "01 00 00 00 00 8094ebdc03 00 00",
    "flags that nobody restores": "01 00 00 00 00 00 04 00",
    "an attribute that is cut off": "01 00 00 00 00 00 00 01 06 757365",
    "an attribute without a name": "01 00 00 00 00 00 00 01 00 00",
    "attributes out of order": "01 00 00 00 00 00 00 02 01 62 00 01 61 00",
    "an attribute twice": "01 00 00 00 00 00 00 02 01 61 00 01 61 00",
    "NUL in the name of an attribute": "01 00 00 00 00 00 00 01 02 6100 00",
    "4097 attributes": "01 00 00 00 00 00 00 8120",
    "a file without pieces": `02 ${head} 05`,
    "a piece that is cut off": `02 ${head} 05 0a abab`,
    "an empty piece": `02 ${head} 05 00 ${chunk} 0a ${chunk}`,
    "an empty hole": `02 ${head} 05 01 0b`,
    "a piece that is too long for the file": `02 ${head} 05 0c ${chunk}`,
    "a chunk above the limit": `02 ${head} 8180800a 82808004 ${chunk}`,
    "a symlink to nothing": `03 ${head} 00`,
    "a symlink with NUL": `03 ${head} 02 6100`,
    "a symlink above the limit": `03 ${head} 818004`,
    "a device of 33 bits": `06 ${head} 8080808010 00`,
  };
  for (const [what, hex] of Object.entries(refused)) assert.throws(() => read(hex), FormatInvalidError, what);
});
