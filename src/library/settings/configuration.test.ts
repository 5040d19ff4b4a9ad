import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { UsageError } from "../../core/errors.ts";
import { parseConfiguration, readConfiguration } from "./configuration.ts";
import { choosePaths } from "./settings.ts";

test("parseConfiguration() refuses keys it does not know and values that are no paths", () => {
  assert.deepEqual(parseConfiguration("store: /srv/images\n", "f"), { store: "/srv/images" });
  assert.deepEqual(parseConfiguration("", "f"), {});
  assert.deepEqual(parseConfiguration("keep-jobs-days: 7", "f"), { "keep-jobs-days": 7 });
  const options = { "clone-serve": { nodes: 24, exclude: ["a", "b"], "allow-exec": true } };
  assert.deepEqual(parseConfiguration(JSON.stringify(options), "f"), options);
  for (const text of [
    "clone-serve: 3",
    "clone-serve: [a]",
    "clone-join: { dir: { a: b } }",
    "clone-join: { dir: null }",
  ])
    assert.throws(() => parseConfiguration(text, "f"), UsageError, text);
  for (const text of ["stor: /x", "store: 3", "store: ''", "- a", "store: [", "just text", "keep-jobs-days: x"])
    assert.throws(() => parseConfiguration(text, "f"), UsageError, text);
});

test("readConfiguration() refuses a named file that is not there", () => {
  assert.throws(() => readConfiguration("/nonexistent/config.yaml"), UsageError);
});

test("choosePaths() lets a variable beat the file, and the file the default", () => {
  const directory = mkdtempSync(join(tmpdir(), "rehome-test-"));
  try {
    const file = join(directory, "config.yaml");
    writeFileSync(file, "state-dir: /srv/state\nmachines-dir: /srv/machines\n");
    const environment = { REHOME_CONFIG: file, REHOME_MACHINES_DIR: "/elsewhere" };
    const paths = choosePaths(environment, true);
    assert.equal(paths.stateDirectory, "/srv/state");
    assert.equal(paths.store, "/srv/state/store");
    assert.equal(paths.machinesDirectory, "/elsewhere");
    assert.equal(paths.nspawnDirectory, "/etc/systemd/nspawn");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("choosePaths() uses XDG directories for an ordinary user", () => {
  const paths = choosePaths({ HOME: "/home/ann" }, false);
  assert.equal(paths.stateDirectory, "/home/ann/.local/state/rehome");
  assert.equal(choosePaths({ HOME: "/home/ann", XDG_STATE_HOME: "/xdg" }, false).store, "/xdg/rehome/store");
});
