import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { listEntries, openBuild, showImage } from "../../src/index.ts";
import { testPlace } from "../support/place.ts";
import { asRoot } from "../support/temporary-directory.ts";

const examples = join(import.meta.dirname, "../../examples");

test(
  "the example of a build makes a system, and an edit of its fourth checkpoint costs less than a tenth of that",
  asRoot,
  async (context) => {
    const { directory, paths } = testPlace(context);
    cpSync(examples, join(directory, "m"), { recursive: true });
    const manifest = join(directory, "m/kiosk.yaml");
    const open = () => openBuild(manifest, { paths, set: { url: "https://example.com/a%20b" } });

    const startedMs = performance.now();
    const outcome = await (await open()).run();
    const wholeMs = performance.now() - startedMs;
    assert.equal(outcome.status, "successful", String(outcome.error));
    const { manifest: made } = await showImage("kiosk", { paths });
    assert.equal(made.head.facts.osRelease?.["ID"], "debian");
    const names = new Set(made.head.facts.packages.map(({ name }) => name));
    assert.ok(names.has("w3m") && names.has("systemd-sysv"));
    const settings = "/etc/systemd/system/getty@tty1.service.d/kiosk.conf";
    assert.equal((await Array.fromAsync(listEntries("kiosk", settings, { paths }))).length, 1);
    assert.deepEqual(
      await Array.fromAsync(listEntries("kiosk", "/usr/share/doc", { paths, recursive: false })).then(
        (all) => all.length,
      ),
      1,
    );

    const module = join(directory, "m/kiosk.ts");
    writeFileSync(module, readFileSync(module, "utf8").replace("Restart=always", "Restart=on-failure"));
    const resumedMs = performance.now();
    const build = await open();
    const resumable = (await build.list()).map(({ resumable: { canResume } }) => canResume);
    assert.deepEqual(resumable, [true, true, true, true, false]);
    const again = await build.run({ resumeAt: "kiosk" });
    const editMs = performance.now() - resumedMs;
    assert.equal(again.status, "successful", String(again.error));
    const state = join(build.directory, "build/tree", settings);
    assert.match(readFileSync(state, "utf8"), /a%%20b'\n[^]*Restart=on-failure/);
    context.diagnostic(`whole build ${Math.round(wholeMs)} ms, after an edit ${Math.round(editMs)} ms`);
    assert.ok(editMs < wholeMs / 10, `${editMs} ms of ${wholeMs} ms`);
  },
);
