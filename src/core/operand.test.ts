import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { holds } from "../../test/support/properties.ts";
import { UsageError } from "./errors.ts";
import { parseImageOperand, parseOperand } from "./operand.ts";

test("parseOperand() tells systems, paths and images apart", () => {
  const name = (text: string, tag?: string) => ({
    kind: "image",
    by: { kind: "name", name: text, ...(tag !== undefined && { tag }) },
  });
  assert.deepEqual(parseOperand("/"), { kind: "path", path: "/" });
  assert.deepEqual(parseOperand("./rootfs"), { kind: "path", path: "./rootfs" });
  assert.deepEqual(parseOperand("."), { kind: "path", path: "." });
  assert.deepEqual(parseOperand(".."), { kind: "path", path: ".." });
  assert.deepEqual(parseOperand("a/b"), { kind: "path", path: "a/b" });
  assert.deepEqual(parseOperand("machine:web"), { kind: "machine", name: "web" });
  assert.deepEqual(parseOperand("role:backup"), { kind: "role", name: "backup" });
  assert.deepEqual(parseOperand("app:shop"), { kind: "app", name: "shop" });
  assert.deepEqual(parseOperand("web"), name("web"));
  assert.deepEqual(parseOperand("web:2"), name("web", "2"));
  assert.deepEqual(parseOperand("web:golden"), name("web", "golden"));
  assert.deepEqual(parseOperand("@0123abcd"), { kind: "image", by: { kind: "id", prefix: "0123abcd" } });
  assert.deepEqual(parseOperand("/srv/store#web:2"), { ...name("web", "2"), store: "/srv/store" });
  assert.deepEqual(parseOperand("file:///a#b#web"), { ...name("web"), store: "file:///a#b" });
});

test("parseOperand() refuses what names nothing", () => {
  for (const text of [
    "",
    "Web",
    "-x",
    "web:",
    "web:0",
    "web:01",
    "web:Golden",
    ":1",
    "@",
    "@12",
    "@0123ABCD",
    "machine:",
    "machine:../x",
    "machine:a/b",
    "#web",
    "we b",
    "web\n",
    "ü",
    "store#",
    "store#a/b",
  ])
    assert.throws(() => parseOperand(text), UsageError, JSON.stringify(text));
});

test("parseImageOperand() takes images only", () => {
  assert.equal(parseImageOperand("web").by.kind, "name");
  for (const text of ["/", "machine:web", "./x"]) assert.throws(() => parseImageOperand(text), UsageError);
});

test("parseOperand() answers or refuses any text", async (context) => {
  const texts = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[@#:/a-z0-9.]{0,12}$/));
  await holds(
    context,
    fc.property(texts, (text) => {
      try {
        const operand = parseOperand(text);
        if (operand.kind === "image" && operand.by.kind === "name")
          assert.match(operand.by.name, /^[a-z0-9][a-z0-9._-]{0,127}$/);
        if (operand.kind === "machine") assert.ok(!operand.name.includes("/"));
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
    3000,
  );
});
