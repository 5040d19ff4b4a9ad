import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import type { DetachedManifest } from "./detached-manifest.ts";
import { formatDetached, ManifestInvalidError, maxManifestBytes, parseDetached } from "./parse-detached.ts";

const uuid = "6f2b1c3d4e5f60718293a4b5c6d7e8f9";

/** No optional property is left out. */
const complete: DetachedManifest = {
  formatVersion: 1,
  detachedAt: "2026-11-20T09:00:00.123Z",
  writtenBy: "rehome 0.1.0",
  isRebuilt: false,
  machine: {
    name: "web1",
    uuid,
    epoch: 3,
    site: uuid,
    image: "web:3",
    bytes: 1000,
    architecture: "x86_64",
    uidRange: { start: 1_966_080, count: 65_536 },
  },
  configuration: {
    nspawn: [{ section: "Files", key: "BindReadOnly", value: "/usr" }],
    dropIns: [{ name: "10-limits.conf", settings: [{ section: "Service", key: "MemoryMax", value: "1G" }] }],
    autostart: true,
  },
  software: {
    packages: [
      {
        manager: "dpkg",
        name: "systemd-container",
        version: "252.39-1~deb12u2",
        architecture: "amd64",
        patches: [{ kind: "modified-file", id: "/usr/bin/x", content: "0123456789abcdef" }],
      },
      {
        manager: "svr4",
        name: "SUNWcsr",
        version: "11.11,REV=2005",
        architecture: "",
        patches: [{ kind: "patch", id: "1" }],
      },
    ],
    livePatches: [{ kind: "live-patch", id: "kpatch_1" }],
  },
  host: {
    name: "host1",
    osRelease: { ID: "debian", VERSION_ID: "12", PRETTY_NAME: "Größe" },
    architecture: "x86_64",
    cpuLevel: "x86-64-v3",
    kernelRelease: "6.1.0-28-amd64",
    systemdVersion: 252,
  },
  devices: [{ path: "dev/null", kind: "character", major: 1, minor: 3, mode: 0o666, uid: 1_966_080, gid: 1_966_080 }],
};

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../../docs/format/detached.schema.json"), "utf8"),
) as object;
const validate = new Ajv2020({ allErrors: true, strict: true }).compile(schema);

type Path = readonly (string | number)[];

/** A copy of `value` in which what stands at `path` is `changed`; undefined takes it out. */
function change(value: unknown, [key, ...rest]: Path, changed: unknown): unknown {
  if (key === undefined) return changed;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  const inside = change(copy[key], rest, changed);
  if (inside === undefined) delete copy[key];
  else copy[key] = inside;
  return copy;
}

const pathsIn = (value: unknown): Path[] =>
  typeof value !== "object" || value === null
    ? [[]]
    : Object.entries(value).flatMap(([key, inside]) => [[key], ...pathsIn(inside).map((path) => [key, ...path])]);

const parse = (value: unknown): DetachedManifest => parseDetached(JSON.stringify(value), "it");

test("parseDetached() reads what formatDetached() writes, and the schema agrees", () => {
  assert.deepEqual(parseDetached(formatDetached(complete), "it"), complete);
  assert.ok(validate(complete), JSON.stringify(validate.errors));
});

test("parseDetached() passes over what later versions may add, and refuses a later version by its number", () => {
  assert.deepEqual(parse({ ...complete, colour: "blue", machine: { ...complete.machine, mood: 1 } }), complete);
  assert.throws(() => parse({ ...complete, formatVersion: 2 }), /its version is 2/);
});

test("parseDetached() refuses a value of another kind anywhere, and the schema agrees", () => {
  for (const path of pathsIn(complete)) {
    if (path.length === 0) continue;
    for (const wrong of [null, { a: 1 }, -1, "\u0000"]) {
      const changed = change(complete, path, wrong);
      const where = `${path.join(".")} as ${JSON.stringify(wrong)}`;
      if (wrong === null || typeof wrong === "object") assert.ok(!validate(changed), where);
      assert.throws(() => parse(changed), ManifestInvalidError, where);
    }
  }
});

test("parseDetached() needs what the schema requires, and nothing more", () => {
  for (const path of pathsIn(complete)) {
    if (path.length === 0 || typeof path.at(-1) === "number" || /^\d+$/.test(String(path.at(-1)))) continue;
    const changed = change(complete, path, undefined);
    if (validate(changed)) assert.doesNotThrow(() => parse(changed), path.join("."));
    else assert.throws(() => parse(changed), ManifestInvalidError, path.join("."));
  }
});

test("parseDetached() takes no setting that would become another when it is written", () => {
  const hostile = ["a\nCapability=all", "a\\", " a", "a ", "", "a\u2028b", "a\rb"];
  for (const value of hostile) {
    const changed = change(complete, ["configuration", "nspawn", 0, "value"], value);
    assert.throws(() => parse(changed), ManifestInvalidError, JSON.stringify(value));
  }
  for (const key of ["#Bind", "Bi=nd", "[x]", ""])
    assert.throws(() => parse(change(complete, ["configuration", "nspawn", 0, "key"], key)), ManifestInvalidError);
  for (const name of ["../x.conf", "x", ".conf", "a/b.conf"])
    assert.throws(() => parse(change(complete, ["configuration", "dropIns", 0, "name"], name)), ManifestInvalidError);
});

test("parseDetached() refuses what is too large, too long or too deep", () => {
  assert.throws(() => parseDetached(" ".repeat(maxManifestBytes + 1), "it"), /too large/);
  assert.throws(() => parse(change(complete, ["host", "name"], "x".repeat(256))), ManifestInvalidError);
  assert.throws(
    () => parse(change(complete, ["software", "livePatches"], Array(1001).fill(complete.software.livePatches[0]))),
    ManifestInvalidError,
  );
  assert.throws(() => parseDetached("[".repeat(1_000_000), "it"), ManifestInvalidError);
});

test("parseDetached() takes no property of all objects for one of the manifest", () => {
  assert.throws(() => parseDetached('{"__proto__": {"formatVersion": 1}}', "it"), ManifestInvalidError);
  assert.throws(() => parse(change(complete, ["host", "osRelease"], { constructor: "x" })), ManifestInvalidError);
});

test("parseDetached() throws nothing else, whatever it is given", () => {
  const json = JSON.stringify(complete);
  fc.assert(
    fc.property(fc.nat(json.length), fc.nat(40), fc.string({ maxLength: 8 }), (at, length, instead) => {
      try {
        parseDetached(json.slice(0, at) + instead + json.slice(at + length), "it");
      } catch (error) {
        assert.ok(error instanceof ManifestInvalidError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
