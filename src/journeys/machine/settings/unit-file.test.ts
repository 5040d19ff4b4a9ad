import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isSetting, parseBoolean, parseUnitFile, valueOf, valuesOf, writeUnitFile, type Setting } from "./unit-file.ts";

const lines = (text: string): string[] =>
  parseUnitFile(text).settings.map(({ section, key, value }) => `${section}.${key}=${value}`);

test("parseUnitFile() reads sections, repeated keys, comments and continued lines", () => {
  const text = `# head
[Exec]
Boot = yes
Capability=CAP_A \\
# between
   CAP_B\\
  CAP_C
  ; also a comment
[Files]
Bind=/srv
Bind=/a:/b:rbind=1
[Exec]
Environment=A=b c\r
`;
  const expected = ["Exec.Boot=yes", "Exec.Capability=CAP_A  CAP_B CAP_C", "Files.Bind=/srv"];
  assert.deepEqual(lines(text), [...expected, "Files.Bind=/a:/b:rbind=1", "Exec.Environment=A=b c"]);
  assert.deepEqual(parseUnitFile(text).faults, []);
});

test("parseUnitFile() lets an empty assignment take back earlier ones of its key and section", () => {
  assert.deepEqual(lines("[Files]\nBind=/a\nBindReadOnly=/b\nBind=\nBind=/c\n[Exec]\nBind=\n"), [
    "Files.BindReadOnly=/b",
    "Files.Bind=/c",
  ]);
});

test("parseUnitFile() names lines that are none of its own, and goes on", () => {
  const { settings, faults } = parseUnitFile("Boot=yes\n[Exec]\nno assignment\n=x\nBo ot=1\n[\nUser=a\n[]\nUser=b");
  assert.deepEqual(settings, [{ section: "Exec", key: "User", value: "a" }]);
  assert.deepEqual(
    faults.map(({ line }) => line),
    [1, 3, 4, 5, 6, 8, 9],
  );
});

test("parseUnitFile() ends a continued line at the end of the file, and not at two backslashes", () => {
  assert.deepEqual(lines("[Exec]\nUser=a\\"), ["Exec.User=a"]);
  assert.deepEqual(lines("[Exec]\nUser=a\\\\\nHostname=b"), ["Exec.User=a\\\\", "Exec.Hostname=b"]);
});

test("parseUnitFile() stays bounded", () => {
  assert.deepEqual(lines(`[Exec]\n${"User=a\n".repeat(100_000)}`), []);
  const many = parseUnitFile(`[Files]\n${"Bind=/a\n".repeat(10_000)}`);
  assert.deepEqual([many.settings.length, many.faults.length], [4000, 100]);
});

test("valuesOf() and valueOf() give what is in force", () => {
  const { settings } = parseUnitFile("[Exec]\nUser=a\nUser=b\n[X-Mine]\nUser=c");
  assert.deepEqual(valuesOf(settings, "Exec", "User"), ["a", "b"]);
  assert.equal(valueOf(settings, "Exec", "User"), "b");
  assert.equal(valueOf(settings, "Exec", "Boot"), undefined);
});

test("parseBoolean() reads what systemd reads", () => {
  assert.deepEqual(["1", "Yes", "t", "on"].map(parseBoolean), [true, true, true, true]);
  assert.deepEqual(["0", "NO", "f", "off"].map(parseBoolean), [false, false, false, false]);
  assert.deepEqual(["", "pick", undefined].map(parseBoolean), [undefined, undefined, undefined]);
});

test("writeUnitFile() writes what parseUnitFile() reads again, and nothing else gets through isSetting()", () => {
  const setting = fc.record({
    section: fc.constantFrom("Exec", "Files", "Network", "X-y z"),
    key: fc.constantFrom("Bind", "User", "Limit-1"),
    value: fc.string({
      unit: fc.constantFrom("a", "/", " ", "\\", "#", ";", "[", "]", "=", "\t", "\n", "\r", "é", "\u2028", "\u0085"),
    }),
  });
  fc.assert(
    fc.property(fc.array(setting, { maxLength: 12 }), (drawn) => {
      const settings: Setting[] = drawn.filter(isSetting).map((one) => ({ ...one }));
      const { settings: again, faults } = parseUnitFile(writeUnitFile(settings));
      assert.deepEqual(faults, []);
      const grouped = [...new Set(settings.map(({ section }) => section))].flatMap((section) =>
        settings.filter((one) => one.section === section),
      );
      assert.deepEqual(again, grouped);
    }),
  );
});

test("parseUnitFile() never throws, and what it read can be written", () => {
  const unit = fc.constantFrom(
    "[",
    "]",
    "Exec",
    "Bind",
    "=",
    "\n",
    "\\",
    " ",
    "#",
    ";",
    "\r",
    "\0",
    "\u0085",
    "\u{1f4a9}",
    "\ud800",
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
      const { settings } = parseUnitFile(`[Exec]\n${text}`);
      assert.ok(settings.every(isSetting), JSON.stringify(settings));
      assert.deepEqual(parseUnitFile(writeUnitFile(settings)).settings.length, settings.length);
    }),
    { numRuns: 2000 },
  );
});
