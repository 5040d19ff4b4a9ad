import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseVariables, putVariables } from "./variables.ts";

test("chooseVariables() takes --set before the environment before the manifest, each as the manifest's own type", () => {
  const declared = { suite: "bookworm", size: 3, fast: true, url: "a" };
  const environment = { suite: "ignored", url: "b", SIZE: "9", size: "4" };
  const set = { url: "c", fast: "false" };
  assert.deepEqual(chooseVariables(declared, ["url", "size", "NONE"], { set, environment }), {
    variables: { suite: "bookworm", size: 4, fast: false, url: "c" },
    complaints: [],
  });
});

test("chooseVariables() refuses names that the manifest does not have, and values of another type", () => {
  const { complaints } = chooseVariables({ size: 3, fast: true }, [], {
    set: { sise: "1", size: "big", fast: "yes" },
    environment: {},
  });
  assert.deepEqual(complaints, [
    '--set names the variable "sise", which the manifest does not have',
    '--set gives the variable "size" the value "big"; expected a number',
    '--set gives the variable "fast" the value "yes"; expected a boolean',
  ]);
});

test("putVariables() puts values where they stand, once, and complains where there are none", () => {
  const complaints: string[] = [];
  const put = (value: unknown): unknown =>
    putVariables(value, { a: "x${b}", b: 2 }, (keys, message) => complaints.push(`${keys.join(".")} ${message}`));
  assert.deepEqual(put({ k: ["${b}", "<${a}${b}>", "$${b} $b", 5] }), { k: [2, "<x${b}2>", "${b} $b", 5] });
  assert.deepEqual(complaints, []);
  put({ k: ["${c}", "${b"] });
  assert.equal(complaints.length, 2);
  assert.match(complaints[0] ?? "", /^k.0 "\$\{c\}" stands for nothing/);
});
