import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import type { Entry, EntryContent } from "../../core/tree/entry.ts";
import { formatLsLine, formatPermissions } from "./ls-line.ts";

const path = "etc/name" as TreePath;
const at = Math.floor(new Date(2026, 10, 3, 14, 22, 10).getTime() / 1000);

function line(content: EntryContent, changes: Partial<Entry> = {}, name = "name"): string {
  const metadata = { mode: 0o644, uid: 0, gid: 33, mtimeSec: at, mtimeNsec: 0, flags: 0, xattrs: [] };
  return formatLsLine({ ...metadata, ...content, path, ...changes } as Entry, name as ByteString);
}

test("formatLsLine() shows every kind of entry", () => {
  const time = "2026-11-03 14:22:10";
  assert.equal(line({ kind: "file", sizeBytes: 42, pieces: [] }), `-rw-r--r--      0    33           42 ${time} name`);
  assert.equal(line({ kind: "directory" }, { mode: 0o1777 }), `drwxrwxrwt      0    33            - ${time} name`);
  assert.equal(
    line({ kind: "symlink", target: "a\u001bb" as ByteString }),
    String.raw`lrw-r--r--      0    33            3 ${time} name -> a\x1bb`,
  );
  assert.equal(
    line({ kind: "character-device", major: 1, minor: 3 }),
    `crw-r--r--      0    33         1, 3 ${time} name`,
  );
  assert.equal(
    line({ kind: "block-device", major: 259, minor: 0 }),
    `brw-r--r--      0    33       259, 0 ${time} name`,
  );
  assert.equal(line({ kind: "fifo" }), `prw-r--r--      0    33            - ${time} name`);
  assert.equal(line({ kind: "socket" }), `srw-r--r--      0    33            - ${time} name`);
  assert.equal(
    line({ kind: "link", target: "etc/first" as TreePath }),
    "h---------      -     -            -                   - name -> etc/first",
  );
});

test("formatLsLine() marks extended attributes and shows names of any bytes", () => {
  const xattrs = [{ name: "user.note" as ByteString, value: new Uint8Array() }];
  assert.match(line({ kind: "fifo" }, { xattrs }), /^prw-r--r--\+ /);
  assert.ok(line({ kind: "fifo" }, {}, "caf\u00e9\n").endsWith(String.raw` caf\xe9\n`));
});

test("formatLsLine() shows times that no clock has", () => {
  assert.ok(line({ kind: "fifo" }, { mtimeSec: 9e15 }).includes(" @9000000000000000 name"));
  assert.match(line({ kind: "fifo" }, { mtimeSec: -1e9 }), / 1938-04-2\d /);
});

test("formatPermissions() shows setuid, setgid and sticky with and without execution", () => {
  assert.equal(formatPermissions(0o7777), "rwsrwsrwt");
  assert.equal(formatPermissions(0o7000), "--S--S--T");
  assert.equal(formatPermissions(0o4750), "rwsr-x---");
});
