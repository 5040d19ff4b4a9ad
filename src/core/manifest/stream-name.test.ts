import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../errors.ts";
import { chooseStreamName, parseNamedStream, streamNamePattern } from "./stream-name.ts";

test("parseNamedStream() reads a name and a path that may hold anything", () => {
  assert.deepEqual(parseNamedStream("esp=/dev/disk/by-id/a=b"), { name: "esp", rest: "/dev/disk/by-id/a=b" });
  for (const text of ["", "=", "esp", "esp=", "=/dev/sda1", ".=/dev/sda1", "a/b=/dev/sda1", `${"a".repeat(64)}=/x`])
    assert.throws(() => parseNamedStream(text), UsageError, text);
});

test("chooseStreamName() makes a usable name of any path", () => {
  for (const [path, name] of [
    ["/dev/sda1", "sda1"],
    ["/dev/mapper/vg-root", "vg-root"],
    ["./My disk.img", "My-disk.img"],
    ["/x/..", "stream"],
    [`/${"a".repeat(200)}`, "a".repeat(63)],
  ] as const) {
    assert.equal(chooseStreamName(path), name);
    assert.match(name, streamNamePattern);
  }
});
