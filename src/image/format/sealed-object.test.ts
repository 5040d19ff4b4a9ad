import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { holds } from "../../../test/support/properties.ts";
import { FormatInvalidError, FormatUnknownError, ObjectDamagedError } from "../errors.ts";
import { parseBoundedJson } from "./bounded-json.ts";
import { limits } from "./limits.ts";
import { openSealedObject, sealObject } from "./sealed-object.ts";

const seal = (head: string, body: string): Buffer =>
  Buffer.from(`${head} ${createHash("sha256").update(body).digest("hex")}\n${body}`);

test("openSealedObject() gives back what sealObject() was given", async (context) => {
  await holds(
    context,
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(
        openSealedObject("name", sealObject("name", value), "names/a/1"),
        JSON.parse(JSON.stringify(value)),
      );
    }),
    300,
  );
});

test("openSealedObject() refuses any flipped bit, by the object's name", () => {
  const sound = sealObject("name", { image: "00", name: "web", tag: "1" });
  for (let at = 0; at < sound.length * 8; at++) {
    const bytes = Buffer.from(sound);
    bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
    assert.throws(
      () => openSealedObject("name", bytes, "names/web/1"),
      (error) => {
        assert.ok(error instanceof ObjectDamagedError || error instanceof FormatUnknownError, `bit ${at}`);
        assert.match(error.message, /names\/web\/1/);
        return true;
      },
    );
  }
});

test("openSealedObject() refuses other kinds, versions and texts", () => {
  const open = (bytes: Buffer): unknown => openSealedObject("name", bytes, "key");
  assert.throws(() => open(sealObject("session", {})), ObjectDamagedError);
  assert.throws(() => open(seal("rehome name 2", "{}")), FormatUnknownError);
  assert.throws(() => open(seal("rehome name 1", "no json")), FormatInvalidError);
  assert.throws(() => open(seal("other name 1", "{}")), ObjectDamagedError);
  for (const bytes of [Buffer.alloc(0), Buffer.from("rehome name 1"), Buffer.alloc(1000, "x"), Buffer.from("\n")])
    assert.throws(() => open(bytes), ObjectDamagedError);
});

test("openSealedObject() refuses an object above its limit", () => {
  assert.throws(
    () => openSealedObject("lost", seal("rehome lost 1", JSON.stringify("x".repeat(limits.sealedBytes))), "key"),
    ObjectDamagedError,
  );
});

test("parseBoundedJson() refuses more values than are allowed, before it makes any", () => {
  assert.deepEqual(parseBoundedJson(Buffer.from('{"a":[1,2]}')), { a: [1, 2] });
  for (const value of ["{},", "[],", "1,", "[[", '",",'])
    assert.throws(() => parseBoundedJson(Buffer.from(`[${value.repeat(limits.jsonValues + 1)}0]`)), RangeError);
  assert.throws(() => parseBoundedJson(Buffer.from("[".repeat(limits.jsonValues))), SyntaxError);
});
