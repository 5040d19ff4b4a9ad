import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { loopMount } from "../../../test/support/file-systems.ts";
import { asRoot, temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { flock } from "../../host/libc.ts";
import {
  findUnfinished,
  HeldMarker,
  inPlaceMarker,
  isMountPoint,
  kindOfTarget,
  markerPath,
  newStagePath,
  prepareStage,
  publishStage,
  removeRemains,
  removeStage,
} from "./stage.ts";

const tryLock = (file: number): boolean => flock(file, 2 | 4) === 0;
const image = "ab".repeat(32);

function startRestore(context: TestContext): {
  target: string;
  stage: string;
  held: HeldMarker;
  write: (doneUpTo?: string) => void;
} {
  const target = join(temporaryDirectory(context), "target");
  const stage = newStagePath(target);
  prepareStage(stage);
  const marker = { formatVersion: 1, image, path: "etc\xff", target } as const;
  const held = new HeldMarker(markerPath(stage, target), marker, tryLock);
  return {
    target,
    stage,
    held,
    write: (doneUpTo) => held.write({ ...marker, ...(doneUpTo !== undefined && { doneUpTo }) }),
  };
}

test("findUnfinished() finds a restore that was left, with how far it came", (context) => {
  const { target, stage, held, write } = startRestore(context);
  assert.deepEqual(findUnfinished(target, tryLock), [{ image, path: "etc\xff", stage, locked: true }]);
  write("etc/\xff/passwd");
  assert.deepEqual(findUnfinished(target, tryLock), [
    { image, path: "etc\xff", stage, locked: true, doneUpTo: "etc/\xff/passwd" },
  ]);
  held.release();
  assert.deepEqual(findUnfinished(target, tryLock)[0]?.locked, false);
  assert.deepEqual(findUnfinished(`${target}-2`, tryLock), []);
  assert.deepEqual(findUnfinished(join(target, "below"), tryLock), []);
});

test("HeldMarker is locked at every moment from when it is visible", (context) => {
  const { stage, target, write } = startRestore(context);
  for (let round = 0; round < 20; round++) {
    write(`a/${round}`);
    const file = openSync(markerPath(stage, target), "r");
    assert.equal(tryLock(file), false);
    closeSync(file);
  }
});

test("findUnfinished() takes no stage that others made, may write to, or that leads elsewhere", asRoot, (context) => {
  const { target, stage, held } = startRestore(context);
  held.release();
  assert.equal(findUnfinished(target, tryLock).length, 1);
  chmodSync(stage, 0o770);
  assert.deepEqual(findUnfinished(target, tryLock), []);
  chmodSync(stage, 0o700);
  chownSync(stage, 1000, 1000);
  assert.deepEqual(findUnfinished(target, tryLock), []);
  chownSync(stage, 0, 0);
  const elsewhere = join(stage, "..", `.target.rehome-${"0".repeat(8)}`);
  symlinkSync(stage, elsewhere);
  assert.deepEqual(
    findUnfinished(target, tryLock).map((found) => found.stage),
    [stage],
  );
});

test("findUnfinished() takes no marker that is damaged or of another target", (context) => {
  const { target, stage, held } = startRestore(context);
  held.release();
  writeFileSync(markerPath(stage, target), "nonsense");
  assert.deepEqual(findUnfinished(target, tryLock), []);
  const other = new HeldMarker(
    markerPath(stage, target),
    { formatVersion: 1, image, path: "", target: `${target}x` },
    tryLock,
  );
  other.release();
  assert.deepEqual(findUnfinished(target, tryLock), []);
});

test("publishStage() puts the tree where nothing or an empty directory is, and nowhere else", (context) => {
  for (const existing of ["absent", "empty", "full"]) {
    const { target, stage, held } = startRestore(context);
    writeFileSync(join(stage, "tree", "file"), "content");
    if (existing !== "absent") mkdirSync(target);
    if (existing === "full") {
      writeFileSync(join(target, "other"), "");
      assert.throws(() => publishStage(stage, target), { code: "ENOTEMPTY" });
      continue;
    }
    publishStage(stage, target);
    held.remove();
    removeStage(stage);
    assert.deepEqual(readdirSync(target), ["file"]);
    assert.ok(!existsSync(stage));
  }
});

test("prepareStage() makes a stage that nobody else can look into, and may run again", (context) => {
  const { stage } = startRestore(context);
  writeFileSync(join(stage, "tree", "kept"), "");
  prepareStage(stage);
  assert.deepEqual(readdirSync(join(stage, "tree")), ["kept"]);
  assert.equal(statSync(stage).mode & 0o777, 0o700);
});

test("kindOfTarget() counts lost+found and our own marker as nothing", (context) => {
  const directory = temporaryDirectory(context);
  assert.equal(kindOfTarget(join(directory, "absent")), "absent");
  writeFileSync(join(directory, "file"), "");
  assert.equal(kindOfTarget(join(directory, "file")), "other");
  assert.equal(kindOfTarget(directory), "directory");
  const empty = join(directory, "empty");
  mkdirSync(join(empty, "lost+found"), { recursive: true });
  writeFileSync(join(empty, inPlaceMarker), "");
  writeFileSync(join(empty, `${inPlaceMarker}.new`), "");
  assert.equal(kindOfTarget(empty), "empty-directory");
});

test("isMountPoint() knows where a file system is mounted", asRoot, (context) => {
  const mounted = loopMount(context, 16);
  assert.equal(isMountPoint(mounted), true);
  assert.equal(isMountPoint(join(mounted, "..")), false);
  assert.equal(isMountPoint(join(mounted, "absent")), false);
  assert.equal(isMountPoint("/"), true);
});

test("findUnfinished() tells when the tree has taken its place already", (context) => {
  const { target, stage, held } = startRestore(context);
  publishStage(stage, target);
  held.release();
  assert.deepEqual(findUnfinished(target, tryLock), [
    { image, path: "etc\xff", stage, locked: false, isPublished: true },
  ]);
});

test("removeRemains() removes what nobody can go on with, and nothing else", (context) => {
  const { target, stage, held } = startRestore(context);
  held.release();
  const untouched = newStagePath(target);
  prepareStage(untouched);
  writeFileSync(join(untouched, "marker.new"), "half");
  const published = newStagePath(target);
  prepareStage(published);
  rmSync(join(published, "tree"), { recursive: true });
  writeFileSync(markerPath(published, target), "whole");
  const unknown = newStagePath(target);
  prepareStage(unknown);
  writeFileSync(join(unknown, "tree", "file"), "somebody's");
  const kept = newStagePath(target);
  prepareStage(kept);
  removeRemains(target, kept);
  const left = readdirSync(join(target, "..")).map((name) => join(target, "..", name));
  assert.deepEqual(left.toSorted(), [stage, unknown, kept].toSorted());
});
