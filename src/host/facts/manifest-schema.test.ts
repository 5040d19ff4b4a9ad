import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { Manifest } from "../../core/manifest/manifest.ts";
import type { ChunkId } from "../../core/tree/entry.ts";
import { describeHost, readSystemFacts } from "../../system/facts/index.ts";
import { observeHost, openSystemSources } from "./index.ts";

const schemaFile = join(import.meta.dirname, "../../../docs/format/manifest.schema.json");

/** A schema that also refuses properties it does not name, as the published one must not. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const inside = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return "required" in inside ? { additionalProperties: false, ...inside } : inside;
}

function validator(change: (schema: unknown) => unknown = (schema) => schema): ValidateFunction {
  const schema = change(JSON.parse(readFileSync(schemaFile, "utf8"))) as object;
  return new Ajv2020({ allErrors: true, strict: true }).compile(schema);
}

function assertValid(validate: ValidateFunction, manifest: unknown): void {
  const valid = validate(JSON.parse(JSON.stringify(manifest)));
  assert.ok(valid, JSON.stringify(validate.errors));
}

const hash = "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7";

/** A value in which no optional property is left out. */
type Complete<Value> = Value extends string | number | boolean
  ? Value
  : Value extends readonly (infer Item)[]
    ? readonly Complete<Item>[]
    : { readonly [Key in keyof Value]-?: Complete<Value[Key]> };

/** Has every property there is: one that is missing here does not compile, one that the schema does not name fails below. */
const complete: Complete<Manifest> = {
  formatVersion: 1,
  head: {
    kind: "host",
    name: "web",
    capturedAt: "2026-11-20T09:00:00.123Z",
    writtenBy: "rehome 0.1.0",
    facts: {
      osRelease: { ID: "debian" },
      hostname: "web",
      architecture: "x86_64",
      kernels: ["6.1.0-1-amd64"],
      packages: [
        {
          manager: "dpkg",
          name: "a",
          version: "1",
          architecture: "all",
          license: "MIT",
          scope: "machine",
          modifiedFiles: ["etc/a"],
          patches: ["p"],
        },
      ],
      fileSystems: [{ source: "UUID=1", mountPoint: "/", type: "ext4", options: "rw" }],
      bootLoader: { kind: "grub", firmware: ["bios", "uefi"] },
      configuration: { path: "/etc/systemd/nspawn/web.nspawn", text: "" },
    },
    hostFacts: {
      kernelRelease: "6.1.0",
      architecture: "x86_64",
      cpuLevel: "x86-64-v3",
      cpuModel: "CPU",
      cpuCount: 2,
      memoryBytes: 1024,
      firmware: "uefi",
      disks: [
        {
          name: "vda",
          type: "disk",
          sizeBytes: 4096,
          model: "m",
          serial: "s",
          partitionTable: "gpt",
          partitionType: "t",
          partitionUuid: "p",
          startSector: 2048,
          fileSystem: "ext4",
          uuid: "u",
          label: "l",
          volumeGroup: "vg",
          mountPoints: ["/"],
          children: [],
        },
      ],
      networkInterfaces: [
        {
          name: "eth0",
          macAddress: "02:fc:00:00:00:01",
          kind: "ethernet",
          driver: "e1000",
          addresses: ["192.0.2.7/24"],
        },
      ],
    },
    excludes: ["/tmp/*"],
    mounts: [{ mountPoint: "/proc", source: "proc", type: "proc", taken: false, reason: "kernel" }],
    additions: [{ source: "/srv/notes", path: "root/notes" }],
    ownerShift: 0,
  },
  tail: {
    tree: { table: [{ id: hash as ChunkId, lengthBytes: 12 }], digest: hash },
    counts: { entries: 3, files: 2, bytes: 1 },
    consistency: "fuzzy",
    warnings: [{ kind: "vanished", path: "a", message: "it vanished" }],
    warningCount: 1,
    durationMs: 12.5,
    secrets: { contents: "left-out", count: 1, files: [{ path: "etc/shadow", kind: "password-hashes" }] },
    streams: {
      index: { table: [{ id: hash as ChunkId, lengthBytes: 12 }], digest: hash },
      list: [
        {
          name: "sda1",
          source: "/dev/sda1",
          kind: "device",
          sizeBytes: 2,
          dataBytes: 1,
          digest: hash,
          consistency: "filesystem",
          holds: ["ntfs"],
        },
      ],
    },
  },
};

test("manifest.schema.json holds for a manifest with real facts", async () => {
  using sources = openSystemSources("/");
  const facts = await readSystemFacts(sources, { packageFiles: "changed" });
  assert.ok(facts.packages.length > 0);
  const head = { ...complete.head, facts, hostFacts: describeHost(await observeHost()) };
  assertValid(validator(closed), { ...complete, head });
});

test("manifest.schema.json names every property, and asks for no more than there always is", () => {
  assertValid(validator(closed), complete);
  const { hostFacts: _, additions: ____, ...head } = complete.head;
  const bare = { ...head, facts: { kernels: [], packages: [], fileSystems: [] } };
  const { secrets: __, streams: ___, ...tail } = complete.tail;
  assertValid(validator(closed), { ...complete, head: bare, tail });
});

test("manifest.schema.json lets properties of later versions pass", () => {
  assertValid(validator(), { ...complete, later: true, head: { ...complete.head, later: 1 } });
});

test("manifest.schema.json refuses what is no manifest", () => {
  const validate = validator();
  const { head, tail } = complete;
  const wrong: unknown[] = [
    null,
    {},
    { ...complete, formatVersion: 3 },
    { ...complete, tail: undefined },
    { ...complete, head: { ...head, kind: "disk" } },
    { ...complete, head: { ...head, capturedAt: "yesterday" } },
    { ...complete, head: { ...head, ownerShift: -1 } },
    { ...complete, tail: { ...tail, consistency: "good" } },
    { ...complete, tail: { ...tail, tree: { ...tail.tree, digest: hash.toUpperCase() } } },
    { ...complete, tail: { ...tail, counts: { ...tail.counts, bytes: 2 ** 60 } } },
  ];
  for (const manifest of wrong)
    assert.equal(validate(JSON.parse(JSON.stringify(manifest))), false, JSON.stringify(manifest));
});
