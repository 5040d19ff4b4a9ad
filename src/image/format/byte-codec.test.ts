import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { byteStrings } from "../../../test/support/arbitrary.ts";
import { holds } from "../../../test/support/properties.ts";
import { FormatInvalidError } from "../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";

const written = (write: (out: ByteWriter) => void): Buffer => {
  const out = new ByteWriter(1);
  write(out);
  return out.take();
};
const varintBytes = (value: number): string => written((out) => out.varint(value)).toString("hex");
const readVarint = (hex: string, max?: number): number => new ByteReader(Buffer.from(hex, "hex"), "test").varint(max);
const readSvarint = (hex: string): number => new ByteReader(Buffer.from(hex, "hex"), "test").svarint();

test("varint() writes the shortest LEB128", () => {
  const known: readonly (readonly [number, string])[] = [
    [0, "00"],
    [1, "01"],
    [127, "7f"],
    [128, "8001"],
    [300, "ac02"],
    [16_383, "ff7f"],
    [16_384, "808001"],
    [2 ** 32, "8080808010"],
    [2 ** 49 - 1, "ffffffffffff7f"],
    [2 ** 49, "8080808080808001"],
    [Number.MAX_SAFE_INTEGER, "ffffffffffffff0f"],
  ];
  for (const [value, hex] of known) {
    assert.equal(varintBytes(value), hex);
    assert.equal(readVarint(hex), value);
  }
});

test("svarint() zig-zags", () => {
  const known: readonly (readonly [number, string])[] = [
    [0, "00"],
    [-1, "01"],
    [1, "02"],
    [-2, "03"],
    [63, "7e"],
    [-64, "7f"],
    [64, "8001"],
    [2 ** 52 - 1, "feffffffffffff0f"],
    [-(2 ** 52), "ffffffffffffff0f"],
  ];
  for (const [value, hex] of known) {
    assert.equal(written((out) => out.svarint(value)).toString("hex"), hex);
    assert.equal(readSvarint(hex), value);
  }
});

test("every field comes back as it was written", async (context) => {
  const number = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constantFrom(2 ** 32, 2 ** 49, Number.MAX_SAFE_INTEGER));
  const signed = fc.oneof(fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 }), fc.integer());
  const fields = fc.tuple(
    fc.nat(255),
    fc.nat(0xffff_ffff),
    number,
    signed,
    fc.uint8Array(),
    byteStrings({ maxLength: 3000 }),
  );
  await holds(
    context,
    fc.property(fields, ([u8, u32, varint, svarint, bytes, text]) => {
      const buffer = written((out) => {
        out.u8(u8);
        out.u32(u32);
        out.varint(varint);
        out.svarint(svarint);
        out.blob(bytes);
        out.blob(text);
        out.latin1(text);
      });
      const reader = new ByteReader(buffer, "test");
      assert.deepEqual(
        [
          reader.u8(),
          reader.u32(),
          reader.varint(),
          reader.svarint(),
          Uint8Array.from(reader.blob(bytes.length)),
          reader.byteString(text.length),
          reader.bytes(text.length).toString("latin1"),
        ],
        [u8, u32, varint, svarint, bytes, text, text],
      );
      assert.equal(reader.position, buffer.length);
      reader.end();
    }),
    1000,
  );
});

test("varint() refuses what it would not write", () => {
  for (const value of [-1, 0.5, Number.NaN, Infinity, 2 ** 53])
    assert.throws(() => written((out) => out.varint(value)), RangeError, String(value));
  for (const value of [2 ** 52, -(2 ** 52) - 1])
    assert.throws(() => written((out) => out.svarint(value)), RangeError, String(value));
});

test("ByteReader refuses numbers that are too long, too large or not in their shortest form", () => {
  for (const hex of [
    "8000",
    "808000",
    "ff00",
    "80808080808080808001",
    "ffffffffffffff10",
    "ffffffffffffffff7f",
    "80",
    "",
  ])
    assert.throws(() => readVarint(hex), FormatInvalidError, hex);
  assert.equal(readVarint("7f", 127), 127);
  assert.throws(() => readVarint("7f", 126), FormatInvalidError);
});

test("ByteReader takes no more than there is", () => {
  const reader = new ByteReader(Buffer.from("05616263", "hex"), "test");
  assert.throws(() => reader.blob(100), FormatInvalidError);
  const again = new ByteReader(Buffer.from("05616263", "hex"), "test");
  assert.throws(() => again.blob(4), FormatInvalidError, "above the limit given");
  assert.throws(() => new ByteReader(Buffer.alloc(3), "test").u32(), FormatInvalidError);
  assert.throws(() => new ByteReader(Buffer.alloc(3), "test").bytes(4), FormatInvalidError);
  assert.throws(() => new ByteReader(Buffer.alloc(1), "test").end(), FormatInvalidError);
});

test("ByteReader reads the part of a buffer that it was given", () => {
  const whole = Buffer.from("000102030405", "hex");
  const reader = new ByteReader(whole.subarray(2, 4), "test");
  assert.deepEqual([reader.u8(), reader.u8(), reader.remaining], [2, 3, 0]);
  assert.throws(() => reader.u8(), FormatInvalidError);
});

test("ByteWriter forgets what is truncated or taken, and its views share its memory", () => {
  const out = new ByteWriter(2);
  out.latin1("abcdef");
  out.truncate(3);
  assert.equal(out.view().toString(), "abc");
  out.truncate(100);
  assert.equal(out.length, 3);
  assert.equal(out.take().toString(), "abc");
  assert.equal(out.length, 0);
  out.latin1("\xff\x00");
  assert.equal(out.take().toString("hex"), "ff00");
  out.u8(1);
  out.reset();
  assert.equal(out.length, 0);
});
