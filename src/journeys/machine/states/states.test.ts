import assert from "node:assert/strict";
import { test } from "node:test";
import { deriveState, type MachineTraces } from "./derive-state.ts";
import { decodeRecord, type MachineRecord } from "./machine-record.ts";
import {
  assertLegal,
  MachineStateError,
  operations,
  type MachineOperation,
  type MachineState,
} from "./machine-state.ts";
import { decodeStamp, isTakenOver, type OwnerStamp } from "./owner-stamp.ts";
import {
  assertAttachable,
  assertNoCopy,
  assertOwned,
  NotOwnerError,
  recordAttached,
  recordDetached,
  recordReclaimed,
} from "./ownership.ts";

const here = "a".repeat(32);
const there = "b".repeat(32);
const record: MachineRecord = { name: "web", uuid: "c".repeat(32), owner: here, epoch: 4 };
const states: MachineState[] = ["configured", "detached", "incomplete", "installed", "running", "moved"];

test("every operation begins where the table says, and is refused with a way on elsewhere", () => {
  const legal = Object.fromEntries(
    Object.keys(operations).map((name) => {
      const operation = name as MachineOperation;
      const from = states.filter((state) => {
        try {
          assertLegal("web", operation, state);
          return true;
        } catch (error) {
          assert.ok(error instanceof MachineStateError);
          assert.ok(error.message.includes(state) && error.remedy !== "", error.message);
          return false;
        }
      });
      return [name, from.join(" ")];
    }),
  );
  assert.deepEqual(legal, {
    install: "configured",
    attach: "configured detached",
    detach: "installed",
    start: "installed",
    stop: "running",
    clone: "installed",
    rename: "configured detached installed",
    relocate: "installed",
    remove: "configured detached incomplete installed moved",
    mark: "configured installed",
    reclaim: "moved",
  });
});

test("the table leads out of no state by accident", () => {
  for (const [name, { from }] of Object.entries(operations)) {
    assert.equal(from.includes("incomplete"), name === "remove", name);
    assert.equal(from.includes("running"), name === "stop", name);
  }
});

test("a running machine is refused with the command that stops it, a detached one with attach or remove", () => {
  const remedy = (operation: MachineOperation, state: MachineState): string =>
    new MachineStateError("web", operation, state).remedy;
  assert.match(remedy("detach", "running"), /rehome machine stop web/);
  for (const operation of ["install", "clone"] as const)
    assert.match(remedy(operation, "detached"), /machine attach web.*machine remove web/);
});

test("deriveState() tells states by what is there", () => {
  const state = (traces: Partial<MachineTraces>): MachineState | undefined =>
    deriveState({
      record: undefined,
      hasTree: false,
      hasSettings: false,
      hasManifest: false,
      isRunning: false,
      isTakenOver: false,
      ...traces,
    });
  assert.equal(state({}), undefined);
  assert.equal(state({ hasTree: true }), "installed");
  assert.equal(state({ hasSettings: true }), "configured");
  assert.equal(state({ record: recordDetached(record) }), "configured");
  assert.equal(state({ hasTree: true, hasManifest: true }), "detached");
  assert.equal(state({ hasTree: true, hasManifest: true, record: recordDetached(record) }), "detached");
  assert.equal(state({ hasTree: true, record: recordDetached(record) }), "configured", "its manifest is lost");
  assert.equal(state({ hasTree: true, record: { ...record, mark: "configured" } }), "configured");
  assert.equal(state({ hasTree: true, hasManifest: true, record: { ...record, mark: "incomplete" } }), "incomplete");
  assert.equal(state({ hasTree: true, record: { ...record, mark: "moved" } }), "moved");
  assert.equal(state({ hasTree: true, record, isRunning: true }), "running");
});

test("assertOwned() lets a machine run where it is owned, or where rehome never had to do with it", () => {
  assertOwned("start", record, here);
  assertOwned("start", undefined, here);
  assert.throws(() => assertOwned("start", record, there), NotOwnerError);
  assert.throws(() => assertOwned("start", recordDetached(record), here), NotOwnerError);
});

test("assertNoCopy() refuses what has the UUID of another machine that somebody owns", () => {
  const found = { name: "twin", uuid: record.uuid };
  assertNoCopy("start", found, [recordDetached(record), { ...record, uuid: "d".repeat(32) }]);
  assertNoCopy("start", { ...found, name: record.name }, [record]);
  assert.throws(() => assertNoCopy("start", found, [record]), /cannot start twin: it is a copy of web, /);
  assert.throws(() => assertNoCopy("start", found, [{ ...record, owner: there }]), NotOwnerError);
});

test("assertAttachable() takes the newest copy that nobody owns", () => {
  const detached = { name: "web", uuid: record.uuid, epoch: 4 };
  assertAttachable(detached, []);
  assertAttachable(detached, [recordDetached(record)]);
  assertAttachable(detached, [{ ...record, uuid: "d".repeat(32), epoch: 9 }]);
  assert.throws(() => assertAttachable(detached, [record]), /owned by site/);
  assert.throws(() => assertAttachable(detached, [recordDetached({ ...record, epoch: 5 })]), /gone on to 5/);
  assert.throws(() => assertAttachable(detached, [{ ...record, owner: there, movedTo: "host2" }]), /owned by host2/);
});

test("a machine that goes and comes back has a higher epoch each time", () => {
  const away = recordAttached({ ...recordDetached(record) }, there);
  assert.deepEqual(away, { ...record, owner: there, epoch: 5 });
  assert.equal(recordAttached(recordDetached(away), here).epoch, 6);
});

test("isTakenOver() believes a machine's directory only where that takes the machine away", () => {
  const stamp: OwnerStamp = { uuid: record.uuid, epoch: 5, site: there, host: "host2" };
  assert.equal(isTakenOver(undefined, record, here), false);
  assert.equal(isTakenOver({ ...stamp, site: here }, record, here), false);
  assert.equal(isTakenOver(stamp, record, here), true);
  assert.equal(isTakenOver(stamp, { ...record, epoch: 6 }, here), false, "it was reclaimed since");
  assert.equal(isTakenOver(stamp, { ...record, uuid: "d".repeat(32) }, here), false, "it is a clone");
  assert.equal(isTakenOver(stamp, undefined, here), true, "nothing else is known of it");
  for (const wrong of [{ ...stamp, epoch: 1e10 }, { ...stamp, host: "a\nb" }, { ...stamp, site: "" }, []])
    assert.throws(() => decodeStamp(wrong, "stamp"), SyntaxError);
});

test("recordReclaimed() is above all that is known, and owns only what was attached here before", () => {
  const stamp: OwnerStamp = { uuid: record.uuid, epoch: 9, site: there, host: "host2" };
  const options = { site: here, hasTree: true };
  const moved: MachineRecord = { ...record, owner: there, mark: "moved", movedTo: "host2" };
  assert.deepEqual(recordReclaimed(moved, stamp, options), { ...record, epoch: 10 });
  assert.deepEqual(recordReclaimed(moved, undefined, options), { ...record, epoch: 5 });
  for (const unattached of [
    recordReclaimed(recordDetached(record), stamp, options),
    recordReclaimed(moved, stamp, { ...options, hasTree: false }),
  ])
    assert.deepEqual(unattached, { ...recordDetached(record), epoch: 10 });
});

test("decodeRecord() reads a record, and refuses others", () => {
  const full: MachineRecord = { ...record, mark: "moved", movedTo: "host2", image: "web:3", autostart: true };
  assert.deepEqual(decodeRecord(JSON.parse(JSON.stringify(full)), "record"), full);
  assert.deepEqual(decodeRecord(recordDetached(record), "record"), recordDetached(record));
  for (const wrong of [{ ...full, epoch: -1 }, { ...full, mark: "lost" }, { ...full, name: "../x" }, null])
    assert.throws(() => decodeRecord(wrong, "record"), SyntaxError);
});
