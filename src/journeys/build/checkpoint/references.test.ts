import assert from "node:assert/strict";
import { test } from "node:test";
import { findReferences, putReferences } from "./references.ts";

const objects: Readonly<Record<string, unknown>> = { image: { id: "ab", size: 3, tags: ["x"] }, flag: true };

function put(value: unknown): { readonly value: unknown; readonly missing: readonly string[] } {
  const missing: string[] = [];
  return {
    value: putReferences(
      value,
      (name) => objects[name],
      (text) => missing.push(text),
    ),
    missing,
  };
}

test("putReferences() gives whole references their values, type and all, and writes others into their text", () => {
  const value = {
    a: "%{image.size}",
    b: ["x %{image.id} y", "%{flag}"],
    c: "%{image}",
    d: 4,
    e: "100 %",
    f: "%{image.tags}!",
  };
  assert.deepEqual(put(value), {
    value: { a: 3, b: ["x ab y", true], c: objects["image"], d: 4, e: "100 %", f: '["x"]!' },
    missing: [],
  });
  assert.deepEqual(put("%%{image.id}"), { value: "%{image.id}", missing: [] });
});

test("putReferences() names what has no value", () => {
  for (const text of [
    "%{gone}",
    "%{image.gone}",
    "%{image.id.more}",
    "%{image.__proto__}",
    "%{image.tags.length.x}",
    "%{}",
    "%{a b}",
  ])
    assert.deepEqual(put(text).missing, [text], text);
});

test("findReferences() finds each with its place", () => {
  assert.deepEqual(
    findReferences({ a: ["%{x.y} and %{z}", "%%{no}"], b: "%{w}" }).map(({ keys, text, steps, isWhole }) => [
      keys,
      text,
      steps,
      isWhole,
    ]),
    [
      [["a", 0], "%{x.y}", ["x", "y"], false],
      [["a", 0], "%{z}", ["z"], false],
      [["b"], "%{w}", ["w"], true],
    ],
  );
});
