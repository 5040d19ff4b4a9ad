import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { holds } from "../../../../test/support/properties.ts";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import { editLines } from "./edit-lines.ts";

const bytes = (text: string): ByteString => text as ByteString;

test("editLines() keeps line endings of both kinds, and a last line without one", () => {
  const edited = editLines(bytes("a\r\nb\nc\r\nd"), (line) =>
    line === "b" || line === "d" ? line.toUpperCase() : line,
  );
  assert.deepEqual(edited, { content: "a\r\nB\nc\r\nD", lines: ["- b", "+ B", "- d", "+ D"] });
});

test("editLines() removes lines with their ending, and says nothing where none changes", () => {
  assert.equal(editLines(bytes("a\nb\nc\n"), (line) => (line === "b" ? undefined : line))?.content, "a\nc\n");
  assert.equal(
    editLines(bytes("a\n\n"), (line) => line),
    undefined,
  );
  assert.equal(
    editLines(bytes(""), () => "x"),
    undefined,
  );
});

test("editLines() does not let a line forge what is shown", () => {
  assert.deepEqual(editLines(bytes("\x1b[2J"), () => "\x07")?.lines, [String.raw`- \x1b[2J`, String.raw`+ \x07`]);
});

test("editLines() leaves every byte of lines that are not edited", async (context) => {
  await holds(
    context,
    fc.property(fc.array(fc.string({ unit: "binary-ascii" })), (parts) => {
      const content = bytes(parts.join("\n"));
      const edited = editLines(content, (line) => `${line}\u{100}`);
      assert.equal((edited?.content ?? content).replaceAll("\u{100}", ""), content);
    }),
  );
});
