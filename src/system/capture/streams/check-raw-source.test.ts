import assert from "node:assert/strict";
import { test } from "node:test";
import { RawSourceRefusedError } from "../errors.ts";
import { checkRawSource, type RawSourceFacts } from "./check-raw-source.ts";

const free: RawSourceFacts = { path: "/dev/sda1", kind: "device", sizeBytes: 512, usedBy: [], holds: ["ntfs"] };
const user = (name: string, isReadOnly: boolean): RawSourceFacts["usedBy"][number] => ({ user: name, isReadOnly });

test("checkRawSource() takes what nobody uses, and what is mounted read-only", () => {
  checkRawSource(free);
  checkRawSource({ ...free, kind: "file" });
  checkRawSource({ ...free, usedBy: [user("/mnt", true), user("/srv", true)] });
});

test("checkRawSource() refuses what somebody may write to, what is empty and what holds no bytes", () => {
  for (const wrong of [
    { usedBy: [user("/mnt", true), user("/", false)] },
    { usedBy: [user("[SWAP]", false)] },
    { sizeBytes: 0 },
    { kind: "other" as const },
    { kind: "absent" as const },
  ])
    assert.throws(() => checkRawSource({ ...free, ...wrong }), RawSourceRefusedError);
});
