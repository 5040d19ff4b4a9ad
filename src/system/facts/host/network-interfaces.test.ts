import assert from "node:assert/strict";
import { test } from "node:test";
import { describeNetworkInterfaces } from "./network-interfaces.ts";

const loopback = { name: "lo", macAddress: "00:00:00:00:00:00", hardwareType: 772, addresses: ["127.0.0.1/8"] };
const ethernet = {
  name: "eth0",
  macAddress: "02:fc:00:00:00:01",
  hardwareType: 1,
  driver: "virtio_net",
  addresses: [],
};

test("describeNetworkInterfaces() joins the kernel's view with that of ip", () => {
  const ipJson = JSON.stringify([
    {
      ifname: "eth0",
      linkinfo: { info_kind: "veth" },
      addr_info: [{ local: "192.0.2.7", prefixlen: 24 }, { local: 7 }],
    },
    { ifname: "unseen", addr_info: [] },
  ]);
  assert.deepEqual(describeNetworkInterfaces([loopback, ethernet], ipJson), [
    { name: "eth0", macAddress: "02:fc:00:00:00:01", kind: "veth", driver: "virtio_net", addresses: ["192.0.2.7/24"] },
    { name: "lo", kind: "loopback", addresses: ["127.0.0.1/8"] },
  ]);
});

test("describeNetworkInterfaces() does without ip", () => {
  for (const ipJson of [undefined, "", "{}", "[null]"])
    assert.deepEqual(describeNetworkInterfaces([{ ...loopback, deviceType: "wlan" }], ipJson), [
      { name: "lo", kind: "wlan", addresses: ["127.0.0.1/8"] },
    ]);
});
