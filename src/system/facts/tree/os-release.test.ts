import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOsRelease } from "./os-release.ts";

test("parseOsRelease() takes quotes and escapes away as a shell would", () => {
  const text = `# comment\nID=debian\nNAME="Debian \\"stable\\" \\$x"\nVERSION_ID='12 \\a'\n  LOGO=a\\ b  \nbad line\n1X=no\n__proto__=no\n`;
  assert.deepEqual(parseOsRelease(text), {
    ID: "debian",
    NAME: 'Debian "stable" $x',
    VERSION_ID: "12 \\a",
    LOGO: "a b",
  });
});

test("parseOsRelease() stays bounded and quick on absurd content", () => {
  const fields = Array.from({ length: 5000 }, (_, index) => `K${index}=v`).join("\n");
  assert.equal(Object.keys(parseOsRelease(fields)).length, 200);
  assert.deepEqual(parseOsRelease(`ID=${" x".repeat(500_000)}`), {});
  assert.deepEqual(parseOsRelease(`ID=${" ".repeat(1_000_000)}x\nA="${"\\".repeat(4000)}`), {
    A: `"${"\\".repeat(2000)}`,
  });
});
