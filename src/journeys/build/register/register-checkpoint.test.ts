import assert from "node:assert/strict";
import { test } from "node:test";
import { idlePorts } from "../../../../test/support/build-ports.ts";
import type { CheckpointConstructor } from "../checkpoint/constructor.ts";
import type { CheckpointOrder } from "../manifest/load-manifest.ts";
import { formatPath } from "../manifest/problem.ts";
import type { LoadedModule } from "./load-constructor.ts";
import { registerCheckpoint, type Registered } from "./register-checkpoint.ts";

const ports = idlePorts({
  files: {
    fingerprint: async (path) => (path === "/m/there" ? "hash of there" : undefined),
    copyIntoTree: async () => undefined,
    isInTree: () => true,
  },
  packages: {
    aptSources: async () => [],
    whyNotArchitecture: async (architecture) =>
      architecture === "arm64" ? "programs of arm64 do not run here" : undefined,
  },
});

const picky: CheckpointConstructor<{ readonly size: number }> = {
  summary: "Be picky",
  arguments: {
    type: "object",
    required: ["size"],
    properties: { size: { type: "number" } },
    additionalProperties: false,
  },
  provides: { box: { type: "object", properties: { width: { type: "number" } }, additionalProperties: false } },
  create({ size }) {
    if (size > 9) throw new RangeError("it is too big\nby far");
    return { run: async () => undefined };
  },
};

const modules: Readonly<Record<string, LoadedModule>> = {
  "/m/own.ts": {
    exports: {
      Picky: picky,
      text: "x",
      empty: {},
      badSchema: { ...picky, arguments: { type: "string", pattern: "(" } },
    },
    files: { "/m/own.ts": "hash of own" },
  },
};

function order(given: Partial<CheckpointOrder>): CheckpointOrder {
  return {
    name: "it",
    uses: "./own.ts#Picky",
    with: {},
    directory: "/m",
    problem: (keys, message) => ({ file: "f", line: undefined, path: formatPath(keys), message }),
    ...given,
  };
}

async function register(given: Partial<CheckpointOrder>, before: readonly Registered[] = []) {
  return await registerCheckpoint(order(given), before, {
    variables: { suite: "bookworm", size: 3, name: "web" },
    ports,
    loadModule: async (path) => {
      if (path === "/m/throws.ts") throw new SyntaxError("Unexpected token");
      return modules[path];
    },
  });
}

async function registered(given: Partial<CheckpointOrder>, before: readonly Registered[] = []): Promise<Registered> {
  const result = await register(given, before);
  assert.ok("planned" in result, JSON.stringify(result));
  return result;
}

async function refused(given: Partial<CheckpointOrder>, before: readonly Registered[] = []): Promise<string[]> {
  const result = await register(given, before);
  assert.ok(!("planned" in result), "it was not refused");
  return result.map(({ path, message }) => `${path}: ${message}`);
}

test("registerCheckpoint() puts variables in, and takes hashes of modules, arguments and files", async () => {
  const { planned } = await registered({ with: { size: "${size}" }, description: "Of size ${size}", timeout: "90s" });
  assert.deepEqual([planned.arguments, planned.description, planned.timeoutMs], [{ size: 3 }, "Of size 3", 90_000]);
  assert.deepEqual(planned.identity.modules, { "/m/own.ts": "hash of own" });
  const copied = await registered({ uses: "copy", with: { from: "there", to: "/etc/${name}.conf" } });
  assert.deepEqual(copied.planned.arguments, { from: "/m/there", to: "/etc/web.conf" });
  assert.deepEqual(copied.planned.identity.inputs, { "/m/there": "hash of there" });
  const script = await registered({
    uses: "custom-script",
    with: { script: "echo ${HOME} %{x}", env: { A: "$${b} %%{c}" } },
  });
  assert.deepEqual(script.planned.arguments, { script: "echo ${HOME} %{x}", env: { A: "${b} %%{c}" } });
});

test("registerCheckpoint() refuses constructors that are none", async () => {
  assert.match(
    (await refused({ uses: "bootstrp" }))[0] ?? "",
    /^uses: "bootstrp" is no constructor; expected bootstrap,/,
  );
  assert.deepEqual(await refused({ uses: "./gone.ts#A" }), ['uses: there is no module "/m/gone.ts"']);
  assert.deepEqual(await refused({ uses: "./throws.ts#A" }), [
    'uses: the module "./throws.ts" cannot be loaded: Unexpected token',
  ]);
  assert.deepEqual(await refused({ uses: "./own.ts#Pick" }), [
    'uses: the module "./own.ts" does not export "Pick"; it exports Picky, text, empty, badSchema',
  ]);
  assert.match(
    (await refused({ uses: "./own.ts#text" }))[0] ?? "",
    /is no constructor of checkpoints: expected an object/,
  );
  assert.match((await refused({ uses: "./own.ts#empty" }))[0] ?? "", /its summary is no text/);
  assert.match((await refused({ uses: "./own.ts#badSchema", with: { size: 1 } }))[0] ?? "", /schema|expected text/);
  for (const uses of ["own.ts#Picky", "./own.ts", "./own.ts#a#b", "constructor", "__proto__", "/etc/passwd"])
    assert.match((await refused({ uses }))[0] ?? "", /is no constructor/, uses);
});

test("registerCheckpoint() refuses arguments that the schema or the constructor does not take, where they are", async () => {
  assert.deepEqual(await refused({ with: { size: "3", colour: 1 } }), [
    "with.colour: this key is not known",
    'with.size: expected a number, and it is "3"',
  ]);
  assert.deepEqual(await refused({ with: { size: 10 } }), [
    'with: the constructor "./own.ts#Picky" refuses it: it is too big',
  ]);
  assert.match((await refused({ with: { size: "${sise}" } }))[0] ?? "", /^with.size: "\$\{sise\}" stands for nothing/);
  assert.deepEqual(await refused({ uses: "copy", with: { from: "gone", to: "/x" } }), [
    'with.from: there is no file "/m/gone"',
  ]);
  assert.deepEqual(await refused({ uses: "bootstrap", with: { suite: "sid", arch: "arm64" } }), [
    "with: programs of arm64 do not run here",
  ]);
  for (const given of [{ suite: "-x" }, { suite: "sid", packages: ["--config"] }, { suite: "sid", mirror: "x" }, {}])
    assert.equal((await refused({ uses: "bootstrap", with: given })).length > 0, true, JSON.stringify(given));
  for (const given of [{}, { install: ["-o"] }, { install: "a" }])
    assert.equal((await refused({ uses: "packages", with: given })).length > 0, true, JSON.stringify(given));
  for (const given of [
    {},
    { script: "a", file: "there" },
    { script: "" },
    { script: "a", env: { "A-B": "c" } },
    { script: "a", network: true },
  ])
    assert.equal((await refused({ uses: "custom-script", with: given })).length > 0, true, JSON.stringify(given));
});

test("registerCheckpoint() refuses names that are taken or none", async () => {
  const before = [await registered({ with: { size: 1 } })];
  assert.match(
    (await refused({ with: { size: 1 } }, before))[0] ?? "",
    /^name: a checkpoint with the name "it" comes before/,
  );
  for (const name of ["", "a b", "a/b", "ä", "x".repeat(257)])
    assert.match((await refused({ name, with: { size: 1 } }))[0] ?? "", /^name: .*is no name/, name);
  await registered({ name: "x".repeat(256), with: { size: 1 } });
});

test("registerCheckpoint() refuses references that will have no value, and leaves open what it cannot decide", async () => {
  const before = [await registered({ name: "box", with: { size: 1 } })];
  const { planned, steps } = await registered({ with: { size: "%{box.width}" } }, before);
  assert.deepEqual([planned.refersTo, steps], [["box"], []]);
  assert.match((await refused({ with: { size: "%{box.height}" } }, before))[0] ?? "", /"box" has width/);
  assert.match(
    (await refused({ with: { size: "%{image.id}" } }, before))[0] ?? "",
    /no checkpoint before this one provides "image"; there is box/,
  );
  assert.match((await refused({ with: { size: "%{box.width}" } }))[0] ?? "", /none provides anything/);
  assert.match((await refused({ with: { size: "%{box" } }, before))[0] ?? "", /is no reference/);
  // A part of a text stays a text.
  assert.match((await refused({ with: { size: "1%{box.width}" } }, before))[0] ?? "", /expected a number/);
});
