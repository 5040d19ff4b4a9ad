import assert from "node:assert/strict";
import { test } from "node:test";
import { completeWords } from "./complete-words.ts";

async function complete(line: string): Promise<string[]> {
  const { candidates, shellAdds } = await completeWords(line.split(" "), {
    images: (store) => Promise.resolve([{ value: `web:${store ?? 1}`, description: "" }]),
    paths: (image, directory) => Promise.resolve([{ value: `${directory}hosts`, description: image }]),
    jobs: () => Promise.resolve([{ value: "0a1b2c3d", description: "" }]),
    machines: () => Promise.resolve([{ value: "machine:db", description: "" }]),
  });
  return [...candidates.map(({ value }) => value), `:${shellAdds}`];
}

test("completeWords() completes ids of jobs", async () => {
  assert.deepEqual(await complete("job pause 0"), ["0a1b2c3d", ":nothing"]);
  assert.deepEqual(await complete("job rate 0a1b2c3d "), [":nothing"]);
});

test("completeWords() completes commands and members of groups", async () => {
  assert.deepEqual(await complete("sh"), ["show", ":nothing"]);
  assert.deepEqual(await complete("store "), ["init", "key", "check", "prune", "copy", "stats", "upgrade", ":nothing"]);
  assert.deepEqual(await complete("help exit"), ["exit-status", ":nothing"]);
});

test("completeWords() completes operands by their place", async () => {
  assert.deepEqual(await complete("restore w"), ["web:1", ":nothing"]);
  assert.deepEqual(await complete("restore web:1 "), [":directories"]);
  assert.deepEqual(await complete("restore --verify web:1 "), [":directories"]);
  assert.deepEqual(await complete("capture "), ["/", "machine:db", ":directories"]);
  assert.deepEqual(await complete("rm web:1 "), ["web:1", ":nothing"]);
  assert.deepEqual(await complete("show web:1 "), [":nothing"]);
});

test("completeWords() completes options and their values", async () => {
  assert.deepEqual(await complete("capture / --check"), ["--check-packages", ":nothing"]);
  assert.deepEqual(await complete("capture --check-packages "), ["changed", "all", ":nothing"]);
  assert.deepEqual(await complete("capture --exclude-from x"), [":files"]);
  assert.deepEqual(await complete("--progress j"), ["json", ":nothing"]);
  assert.deepEqual(await complete("rm -- --"), [":nothing"]);
});

test("completeWords() completes paths inside the image that the line names", async () => {
  assert.deepEqual(await complete("cat web:1 /etc/h"), ["/etc/hosts", ":nothing"]);
  assert.deepEqual(await complete("restore web ./new --path e"), [":nothing"]);
  assert.deepEqual(await complete("restore web ./new --path "), ["hosts", ":nothing"]);
  assert.deepEqual(await complete("restore --path "), [":nothing"]);
});

test("completeWords() asks the store that is named on the line", async () => {
  assert.deepEqual(await complete("--store /x show web:/"), ["web:/x", ":nothing"]);
});
