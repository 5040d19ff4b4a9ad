import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { loopFileSystem } from "../../../test/support/file-systems.ts";
import { someMetadata } from "../../../test/support/some-metadata.ts";
import { asRoot, temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import type { ByteString } from "../../core/tree/byte-string.ts";
import type { EntryMetadata } from "../../core/tree/entry.ts";
import { linuxTreeReader } from "./linux-tree-reader.ts";
import { linuxTreeWriter } from "./linux-tree-writer.ts";

const tree = linuxTreeReader();
const name = (text: string): ByteString => text as ByteString;
const inexact = { exact: false };

function openDirectory(context: TestContext, path: string): number {
  const directory = openSync(path, "r");
  context.after(() => closeSync(directory));
  return directory;
}

test("a time that the file system keeps otherwise, without an error, is listed as lost", asRoot, (context) => {
  const inAThousandYears = 2 ** 35;
  const [fine, coarse] = [
    openDirectory(context, loopFileSystem(context, 32)),
    openDirectory(context, loopFileSystem(context, 32, ["mkfs.ext4", "-q", "-b", "4096", "-I", "128"])),
  ];
  const losses = (directory: number, own: string, time: Partial<EntryMetadata>): string[] => {
    const fresh = linuxTreeWriter(tree);
    const file = fresh.createFile(directory, name(own), 0);
    const found = fresh.setOpenMetadata(file, someMetadata(time), inexact);
    tree.close(file);
    fresh.makeSymlink(directory, name(`${own}-link`), name("x"));
    return [...found, ...fresh.setMetadata(directory, name(`${own}-link`), true, someMetadata(time), inexact)].map(
      ({ what }) => what,
    );
  };
  assert.deepEqual(losses(fine, "now", {}), []);
  assert.deepEqual(losses(fine, "1910", { mtimeSec: -1_893_456_000 }), []);
  assert.deepEqual(losses(fine, "far", { mtimeSec: inAThousandYears }), ["mtime", "mtime"]);
  assert.deepEqual(losses(coarse, "now", {}), ["mtime", "mtime"]);
  assert.deepEqual(losses(coarse, "whole", { mtimeNsec: 0 }), []);
});

test(
  "set-id bits are not set for another owner than theirs",
  { skip: process.getuid?.() === 0 ? "root may set every owner" : false },
  (context) => {
    const writer = linuxTreeWriter(tree);
    const directory = openDirectory(context, temporaryDirectory(context));
    const file = writer.createFile(directory, name("program"), 0);
    const losses = writer.setOpenMetadata(file, someMetadata({ mode: 0o6755, uid: 0 }), inexact);
    assert.deepEqual(
      losses.map(({ what }) => what),
      ["owner", "mode"],
    );
    assert.equal(tree.statOpen(file).mode, 0o755);
    tree.close(file);
  },
);
