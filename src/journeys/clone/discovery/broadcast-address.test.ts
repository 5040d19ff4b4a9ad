import assert from "node:assert/strict";
import { test } from "node:test";
import { broadcastAddress } from "./broadcast-address.ts";

test("broadcastAddress() has all bits of the host set", () => {
  assert.equal(broadcastAddress("10.77.0.1", "255.255.0.0"), "10.77.255.255");
  assert.equal(broadcastAddress("192.168.7.9", "255.255.255.0"), "192.168.7.255");
  assert.equal(broadcastAddress("200.1.2.5", "255.255.255.252"), "200.1.2.7");
});

test("broadcastAddress() has none where a net has one or two hosts", () => {
  assert.equal(broadcastAddress("10.0.0.1", "255.255.255.255"), undefined);
  assert.equal(broadcastAddress("10.0.0.1", "255.255.255.254"), undefined);
});
