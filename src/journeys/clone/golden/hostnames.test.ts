import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../core/errors.ts";
import { hostnameOf, parseHostnameRule, parseHostnames } from "./hostnames.ts";

const node = { name: "n7", host: "10.0.0.7" };

test("hostnameOf() numbers by a pattern, or leaves a name as it is", () => {
  assert.equal(hostnameOf(parseHostnameRule("node%03d"), node, 7), "node007");
  assert.equal(hostnameOf(parseHostnameRule("n%3d.lab"), node, 1000), "n1000.lab");
  assert.equal(hostnameOf(parseHostnameRule("n%d"), node, 7), "n7");
  assert.equal(hostnameOf(parseHostnameRule("own"), node, 1), "n7");
  assert.equal(hostnameOf(parseHostnameRule("kept"), node, 1), undefined);
});

test("hostnameOf() takes a list by name or address, and what the node is called otherwise", () => {
  const rule = parseHostnames("# lab\n10.0.0.7 alpha\n\nn8\tbeta # the second\n");
  assert.equal(hostnameOf(rule, node, 1), "alpha");
  assert.equal(hostnameOf(rule, { name: "n8", host: "10.0.0.8" }, 1), "beta");
  assert.equal(hostnameOf(rule, { name: "toString", host: "10.0.0.9" }, 1), "toString");
});

test("what is no rule and no list is refused", () => {
  for (const text of ["node", "", "%s", "a%db%d", "%12d", "%%d"])
    assert.throws(() => parseHostnameRule(text), UsageError, text);
  for (const text of ["n1", "n1 a b"]) assert.throws(() => parseHostnames(text), UsageError, text);
});
