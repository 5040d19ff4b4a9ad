import assert from "node:assert/strict";
import { test } from "node:test";
import { BuildInvalidError } from "../errors.ts";
import { loadManifest, type LoadedManifest } from "./load-manifest.ts";

function load(files: Readonly<Record<string, string>>): Promise<LoadedManifest> {
  return loadManifest("/m/build.yaml", async (path) => files[path]);
}

async function problemsOf(files: Readonly<Record<string, string>>): Promise<string[]> {
  try {
    await load(files);
  } catch (error) {
    assert.ok(error instanceof BuildInvalidError, String(error));
    return error.problems.map(({ file, line, path, message }) => `${file}:${line}: ${path}: ${message}`);
  }
  throw new assert.AssertionError({ message: "it was not refused" });
}

test("loadManifest() puts included checkpoints first, and lets the including file win", async () => {
  const manifest = await load({
    "/m/build.yaml": `version: 1
include: [parts/base.yaml]
variables: {suite: trixie}
environment: [URL]
defaults:
  timeout: 5m
  with: {custom-script: {shell: /bin/bash}}
checkpoints:
  - {name: own, uses: custom-script, with: {script: ls}}
`,
    "/m/parts/base.yaml": `version: 1
variables: {suite: bookworm, arch: amd64}
environment: [PROXY]
stop_on_error: false
checkpoints:
  - {name: base, uses: bootstrap, timeout: 2h, with: {suite: "\${suite}"}}
`,
  });
  assert.deepEqual(manifest.variables, { suite: "trixie", arch: "amd64" });
  assert.deepEqual(manifest.environment, ["PROXY", "URL"]);
  assert.equal(manifest.stopOnError, false);
  assert.equal(manifest.name, "build");
  assert.deepEqual(
    manifest.checkpoints.map(({ name, timeout, directory, with: values }) => [name, timeout, directory, values]),
    [
      ["base", "2h", "/m/parts", { suite: "${suite}" }],
      ["own", "5m", "/m", { shell: "/bin/bash", script: "ls" }],
    ],
  );
  const [base, own] = manifest.checkpoints;
  assert.deepEqual(base?.problem(["with", "suite"], "x"), {
    file: "/m/parts/base.yaml",
    line: 6,
    path: "checkpoints[0].with.suite",
    message: "x",
  });
  assert.equal(own?.problem(["with", "shell"], "x").path, "defaults.with.custom-script.shell");
});

test("loadManifest() tells every problem of every file at once, with file, line and path", async () => {
  const problems = await problemsOf({
    "/m/build.yaml": `version: 1
nmae: x
include: [other.yaml]
checkpoints:
  - name: "a b"
    uses: copy
    timeout: 5 minutes
  - uses: copy
    with: [1]
`,
    "/m/other.yaml": "version: 2\ncheckpoints: {}\n",
  });
  assert.deepEqual(problems, [
    "/m/build.yaml:2: nmae: this key is not known",
    '/m/build.yaml:5: checkpoints[0].name: expected text that matches ^[A-Za-z0-9._-]{1,256}$, and it is "a b"',
    '/m/build.yaml:7: checkpoints[0].timeout: expected text that matches ^[1-9][0-9]*(s|m|h)$, and it is "5 minutes"',
    '/m/build.yaml:8: checkpoints[1]: the key "name" is missing',
    "/m/build.yaml:9: checkpoints[1].with: expected a map, and it is a list",
  ]);
  assert.deepEqual(
    await problemsOf({
      "/m/build.yaml": "version: 1\ninclude: [other.yaml]\n",
      "/m/other.yaml": "version: 2\ncheckpoints: {}\n",
    }),
    [
      "/m/other.yaml:1: version: expected 1, and it is 2",
      "/m/other.yaml:2: checkpoints: expected a list, and it is a map",
      "/m/build.yaml:1: checkpoints: expected at least one checkpoint",
    ],
  );
});

test("loadManifest() refuses circles of includes, missing files and what is no YAML", async () => {
  const one = "checkpoints: [{name: a, uses: copy}]";
  assert.deepEqual(
    await problemsOf({
      "/m/build.yaml": `version: 1\ninclude: [a.yaml, gone.yaml]\n${one}`,
      "/m/a.yaml": "version: 1\ninclude: [./build.yaml]\n",
    }),
    [
      '/m/a.yaml:2: include[0]: "./build.yaml" includes this file in turn; includes must not go in circles',
      '/m/build.yaml:2: include[1]: there is no file "/m/gone.yaml"',
    ],
  );
  assert.deepEqual(await problemsOf({}), ["/m/build.yaml:undefined: : there is no such file"]);
  assert.deepEqual(await problemsOf({ "/m/build.yaml": "version: 1\nversion: 1\n" }), [
    "/m/build.yaml:2: : Map keys must be unique",
  ]);
  for (const text of ["a: [", "!!js/function x", "#".repeat(2 ** 20 + 1), "- 1", ""])
    assert.equal((await problemsOf({ "/m/build.yaml": text })).length > 0, true, text.slice(0, 20));
  const bomb = [
    "a: &a [x, x, x, x, x, x, x, x]",
    ..."bcdefgh".split("").map((name, index) => {
      const before = "abcdefg"[index] ?? "a";
      return `${name}: &${name} [${`*${before}, `.repeat(8)}]`;
    }),
  ].join("\n");
  assert.match((await problemsOf({ "/m/build.yaml": bomb }))[0] ?? "", /alias/i);
});

test("loadManifest() keeps the names of manifests fit for images", async () => {
  const text = "version: 1\ncheckpoints: [{name: a, uses: copy}]";
  const nameOf = async (file: string): Promise<string> => (await loadManifest(file, async () => text)).name;
  assert.deepEqual(
    [await nameOf("/m/My Kiosk.yaml"), await nameOf("/m/.yaml"), await nameOf("/m/_x.yml")],
    ["my-kiosk", "build", "x"],
  );
});
