import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDisks } from "./disks.ts";

test("parseDisks() keeps what lsblk tells, devices below their parents", () => {
  const partition = {
    name: "vda1",
    type: "part",
    size: 1000,
    partuuid: "p-1",
    parttype: "0x83",
    start: 2048,
    fstype: "ext4",
    uuid: "u",
    label: "root ",
    mountpoints: ["/", null, "/srv"],
  };
  const disk = {
    name: "vda",
    type: "disk",
    size: 4000,
    model: "  Fast  ",
    serial: null,
    pttype: "gpt",
    mountpoints: [null],
    children: [partition],
  };
  assert.deepEqual(parseDisks(JSON.stringify({ blockdevices: [disk, { name: "zram0", type: "disk", size: 0 }] })), [
    {
      name: "vda",
      type: "disk",
      sizeBytes: 4000,
      model: "Fast",
      partitionTable: "gpt",
      children: [
        {
          name: "vda1",
          type: "part",
          sizeBytes: 1000,
          partitionType: "0x83",
          partitionUuid: "p-1",
          startSector: 2048,
          fileSystem: "ext4",
          uuid: "u",
          label: "root",
          mountPoints: ["/", "/srv"],
        },
      ],
    },
  ]);
});

test("parseDisks() reads the numbers and the single mount point of older versions", () => {
  const json = JSON.stringify({ blockdevices: [{ name: "sda", type: "disk", size: "123", mountpoint: "/" }] });
  assert.deepEqual(parseDisks(json), [{ name: "sda", type: "disk", sizeBytes: 123, mountPoints: ["/"] }]);
});

test("parseDisks() gives nothing for nonsense, however deep", () => {
  const deep = `${'{"name":"a","type":"disk","size":1,"children":['.repeat(500)}${"]}".repeat(500)}`;
  for (const json of ["", "null", "[]", '{"blockdevices":7}', '{"blockdevices":[null,{"name":1}]}'])
    assert.deepEqual(parseDisks(json), []);
  assert.equal(JSON.stringify(parseDisks(`{"blockdevices":[${deep}]}`)).split("children").length, 16);
});
