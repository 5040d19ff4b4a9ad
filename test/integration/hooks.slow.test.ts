import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { capture, listImages, showImage } from "../../src/index.ts";
import { atEnd } from "../support/at-end.ts";
import { testPlace, type Place } from "../support/place.ts";

interface Ground {
  readonly place: Place;
  readonly tree: string;
  readonly log: string;
  readonly hook: (when: "pre" | "post", name: string, script: string, mode?: number) => void;
  readonly logged: () => string[];
}

function ground(context: TestContext): Ground {
  const place = testPlace(context);
  const [tree, log] = [join(place.directory, "tree"), join(place.directory, "log")];
  mkdirSync(tree);
  writeFileSync(join(tree, "file"), "content");
  return {
    place,
    tree,
    log,
    hook(when, name, script, mode = 0o755) {
      const folder = join(place.paths.hooksDirectory, `${when}-capture.d`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, name), mode);
    },
    logged: () =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .split("\n")
            .filter((line) => line !== "")
        : [],
  };
}

async function imagesOf({ paths }: Place): Promise<number> {
  return (await listImages({ paths }).catch(() => [])).length;
}

function withTimeout(context: TestContext, timeoutMs: number): void {
  process.env["REHOME_HOOK_TIMEOUT_MS"] = String(timeoutMs);
  atEnd(context, () => delete process.env["REHOME_HOOK_TIMEOUT_MS"]);
}

test("hooks run around a capture, by name, and are told what it is of", async (context) => {
  const { place, tree, log, hook, logged } = ground(context);
  hook("pre", "20-second", `echo "pre 2 $REHOME_NAME $REHOME_ROOT $REHOME_HOOK $REHOME_STORE" >> ${log}`);
  hook("pre", "10-first", `echo "pre 1" >> ${log}; echo late > ${tree}/made-by-hook`);
  hook(
    "post",
    "10-after",
    `echo "post" >> ${log}; test -e ${place.paths.store}/names/web/1 && echo published >> ${log}`,
  );
  hook("pre", "15-not-executable", `echo no >> ${log}`, 0o644);
  hook("pre", "15-backup~", `echo no >> ${log}`);
  hook("pre", ".hidden file", `echo no >> ${log}`);
  const { name } = await capture(tree, { paths: place.paths, name: "web" });
  assert.deepEqual(logged(), ["pre 1", `pre 2 web ${tree} pre-capture ${place.paths.store}`, "post", "published"]);
  assert.equal(name.files, 2, "what a hook makes is captured");
});

test("a pre-capture hook that fails stops the capture and the hooks after it; post-capture hooks run all the same", async (context) => {
  const { place, tree, log, hook, logged } = ground(context);
  hook("pre", "1-fails", `echo "no quiescing today"; exit 3`);
  hook("pre", "2-never", `echo never >> ${log}`);
  hook("post", "1-thaws", `echo thawed >> ${log}`);
  hook("post", "2-too", `echo too >> ${log}`);
  await assert.rejects(
    capture(tree, { paths: place.paths }),
    (error: { code?: string; output?: string }) =>
      error.code === "HOOK_FAILED" && error.output?.includes("no quiescing today") === true,
  );
  assert.deepEqual(logged(), ["thawed", "too"]);
  assert.equal(await imagesOf(place), 0);
});

test("post-capture hooks run when the capture itself fails", async (context) => {
  const { place, tree, log, hook, logged } = ground(context);
  hook("post", "1-thaws", `echo thawed >> ${log}`);
  const controller = new AbortController();
  controller.abort();
  await assert.rejects(capture(tree, { paths: place.paths, signal: controller.signal }), { code: "INTERRUPTED" });
  hook("pre", "1-removes", `rm -r ${tree}`);
  await assert.rejects(capture(tree, { paths: place.paths }));
  assert.ok(logged().length >= 1 && logged().every((line) => line === "thawed"));
  assert.equal(await imagesOf(place), 0);
});

test("a post-capture hook that fails is a warning, and the others run", async (context) => {
  const { place, tree, log, hook, logged } = ground(context);
  hook("post", "1-fails", `exit 9`);
  hook("post", "2-runs", `echo ran >> ${log}`);
  const { name } = await capture(tree, { paths: place.paths, name: "web" });
  assert.deepEqual(logged(), ["ran"]);
  assert.equal(name.tag, "1");
});

test("a hook that runs out of time is ended with all it started", async (context) => {
  const { place, tree, log, hook, logged } = ground(context);
  withTimeout(context, 400);
  hook("pre", "1-sleeps", `(sleep 30; echo survived >> ${log}) & sleep 30`);
  const startedAtMs = Date.now();
  await assert.rejects(capture(tree, { paths: place.paths }), { code: "HOOK_FAILED" });
  assert.ok(Date.now() - startedAtMs < 10_000);
  assert.deepEqual(logged(), []);
});

test("a hook that leaves a daemon behind does not keep the capture waiting beyond its time", async (context) => {
  const { place, tree, hook } = ground(context);
  withTimeout(context, 1500);
  hook("pre", "1-daemon", `setsid sleep 8 & exit 0`);
  const startedAtMs = Date.now();
  await capture(tree, { paths: place.paths, name: "web" }).catch(() => undefined);
  assert.ok(Date.now() - startedAtMs < 6000, `${Date.now() - startedAtMs} ms`);
});

test("a pre-capture hook raises the consistency it vouches for, and can only raise it", async (context) => {
  for (const [line, consistency] of [
    ["consistency=application", "application"],
    ["consistency=crash", "crash"],
    ["consistency=fuzzy", "fuzzy"],
    ["consistency=perfect", "fuzzy"],
    ["nothing", "fuzzy"],
  ] as const) {
    const { place, tree, hook } = ground(context);
    hook("pre", "1", `echo before; echo ${line}; echo after`);
    const { name, manifest } = await capture(tree, { paths: place.paths, name: "web" });
    assert.deepEqual([name.consistency, manifest.tail.consistency], [consistency, consistency], line);
  }
});

test(
  "a hook that somebody else could have written does not run",
  { skip: process.getuid?.() === 0 ? false : "needs root" },
  async (context) => {
    const { place, tree, log, hook, logged } = ground(context);
    hook("pre", "1-open", `echo ran >> ${log}`, 0o777);
    await assert.rejects(capture(tree, { paths: place.paths }), { code: "HOOK_FAILED" });
    assert.deepEqual(logged(), []);
    await assert.rejects(showImage("tree", { paths: place.paths }), (error) =>
      ["STORE_NOT_FOUND", "IMAGE_NOT_FOUND"].includes((error as { code?: string }).code ?? ""),
    );
  },
);

test("a hook that cannot be started stops the capture by its name", async (context) => {
  for (const content of ["#!/nonexistent/interpreter\n", "no program\0\x01"]) {
    const { place, tree, hook } = ground(context);
    for (const when of ["pre", "post"] as const) {
      hook(when, "1-broken", "");
      writeFileSync(join(place.paths.hooksDirectory, `${when}-capture.d`, "1-broken"), content);
    }
    await assert.rejects(
      capture(tree, { paths: place.paths }),
      (error: { code?: string; path?: string }) =>
        error.code === "HOOK_FAILED" && error.path?.endsWith("1-broken") === true,
      JSON.stringify(content),
    );
  }
});
