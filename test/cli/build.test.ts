import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { Ajv2020 } from "ajv/dist/2020.js";
import { asRoot } from "../support/temporary-directory.ts";
import { assertDocument } from "./documents.ts";
import { sandbox } from "./run-rehome.ts";

const manifest = `version: 1
variables: {who: world}
checkpoints:
  - name: one
    uses: custom-script
    description: Greet \${who}
    with: {script: 'echo "$WHO" > "$REHOME_ROOT/who"', env: {WHO: "\${who}"}}
  - {name: image, uses: capture, with: {name: thing}}
`;

test(
  "rehome build lists, plans, pauses, resumes and cleans up, with statuses and documents of their own",
  asRoot,
  (context) => {
    const { directory, run, document } = sandbox(context);
    writeFileSync(join(directory, "b.yaml"), manifest);

    const plan = document("build", "-n", "--set", "who=mars", "b.yaml");
    assert.equal(plan.status, 0);
    assertDocument("build-plan", plan.document);
    assert.match(
      run("build", "-n", "--set", "who=mars", "b.yaml").stdout,
      /^would run 2 checkpoints in .*\none: Greet mars\n/,
    );

    const paused = document("build", "-p", "image", "b.yaml");
    assert.equal(paused.status, 5);
    assertDocument("error", paused.document);

    const list = document("build", "-l", "b.yaml");
    assertDocument("build-list", list.document);
    assert.equal(
      run("build", "-l", "b.yaml").stdout,
      "Checkpoint  Resumable  Description\none         X          Greet world\nimage       X          Capture the tree as an image\n",
    );

    const built = document("build", "-r", "image", "b.yaml");
    assert.equal(built.status, 0);
    assertDocument("build", built.document);
    assert.equal(run("cat", "thing", "/who").stdout, "world\n");

    const edited = run("build", "-r", "image", "--set", "who=mars", "b.yaml");
    assert.equal(edited.status, 3);
    assert.match(edited.stderr, /"one" is not what it was: its argument "env" has changed \[BUILD_NOT_RESUMABLE\]/);

    const cleaned = document("build", "--clean", "b.yaml");
    assertDocument("build-clean", cleaned.document);
    assert.equal((document("build", "-l", "b.yaml").document as { readonly stateBytes: number }).stateBytes, 0);
  },
);

test("rehome build tells everything that is wrong with a manifest, and runs nothing", (context) => {
  const { directory, run, document } = sandbox(context);
  const text =
    "version: 1\ncheckpoints:\n  - {name: a, uses: restor}\n  - {name: a b, uses: capture, with: {nmae: x}}\n";
  writeFileSync(join(directory, "b.yaml"), text);
  const { status, stdout, stderr } = run("build", "b.yaml");
  assert.deepEqual([status, stdout], [3, ""]);
  assert.match(stderr, /b\.yaml:4: checkpoints\[1\]\.name: expected text/);
  writeFileSync(join(directory, "b.yaml"), text.replace("a b", "b"));
  const refused = document("build", "b.yaml");
  assertDocument("error", refused.document);
  const { problems } = (
    refused.document as { readonly error: { readonly problems: readonly { readonly path: string }[] } }
  ).error;
  assert.deepEqual(
    problems.map(({ path }) => path),
    ["checkpoints[0].uses", "checkpoints[1].with", "checkpoints[1].with.nmae"],
  );
  for (const words of [
    ["--set", "x"],
    ["-p", "gone"],
    ["-r", "gone"],
  ])
    assert.notEqual(run("build", ...words, "b.yaml").status, 0, words.join(" "));
  assert.equal(run("build", "gone.yaml").status, 3);
});

test("the published schema takes the example, and refuses what the program refuses", () => {
  const root = join(import.meta.dirname, "../..");
  const schema = JSON.parse(readFileSync(join(root, "docs/format/build.schema.json"), "utf8")) as object;
  const validate = new Ajv2020({ allErrors: true }).compile(schema);
  assert.equal(
    validate(parse(readFileSync(join(root, "examples/kiosk.yaml"), "utf8"))),
    true,
    JSON.stringify(validate.errors),
  );
  for (const text of ["version: 2", "version: 1\nnmae: x", "version: 1\ncheckpoints: [{name: a b, uses: c}]"])
    assert.equal(validate(parse(text)), false, text);
});
