import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../core/errors.ts";
import { chooseInterface, type OwnAddress } from "./choose-interface.ts";

const at = (name: string, address: string): OwnAddress => ({
  name,
  address,
  family: address.includes(":") ? "IPv6" : "IPv4",
  internal: name === "lo",
});
const loopback = [at("lo", "127.0.0.1"), at("lo", "::1")];
const one = [...loopback, at("eth0", "10.0.0.1"), at("eth0", "2001:db8::1"), at("eth0", "fe80::1")];
const two = [...one, at("eth1", "192.0.2.1")];

test("chooseInterface() takes the only address that others reach", () => {
  assert.equal(chooseInterface(one, undefined, []), "10.0.0.1");
  assert.equal(chooseInterface([...loopback, at("eth0", "2001:db8::1")], undefined, []), "2001:db8::1");
  assert.equal(chooseInterface(loopback, undefined, []), undefined);
});

test("chooseInterface() takes an address, an interface or a name of this host", () => {
  assert.equal(chooseInterface(two, "192.0.2.1", []), "192.0.2.1");
  assert.equal(chooseInterface(two, "2001:db8::1", []), "2001:db8::1");
  assert.equal(chooseInterface(two, "127.0.0.1", []), "127.0.0.1");
  assert.equal(chooseInterface(two, "eth0", []), "10.0.0.1");
  assert.equal(chooseInterface(two, "golden.example", ["192.0.2.1"]), "192.0.2.1");
});

test("chooseInterface() refuses to guess, and what is none of this host's", () => {
  assert.throws(() => chooseInterface(two, undefined, []), UsageError);
  assert.throws(() => chooseInterface(two, "golden.example", ["10.0.0.1", "192.0.2.1"]), UsageError);
  assert.throws(() => chooseInterface([...two, at("eth1", "192.0.2.2")], "eth1", []), UsageError);
  for (const asked of ["0.0.0.0", "::", "198.51.100.7", "no-such-name"])
    assert.throws(() => chooseInterface(one, asked, []), UsageError, asked);
  assert.throws(() => chooseInterface(one, "elsewhere.example", ["198.51.100.7"]), UsageError);
});
