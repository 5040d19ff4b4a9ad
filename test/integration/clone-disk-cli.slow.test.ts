import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { capture } from "../../src/index.ts";
import { assertDocument } from "../cli/documents.ts";
import { atEnd } from "../support/at-end.ts";
import { smallTree } from "../support/built-disk.ts";
import { loopDevice } from "../support/loop-device.ts";
import { testPlace } from "../support/place.ts";
import { run } from "../support/run.ts";
import { asRoot } from "../support/temporary-directory.ts";

const main = join(import.meta.dirname, "../../src/cli/main.ts");
const mib = 2 ** 20;

async function makeLab(context: TestContext) {
  const place = testPlace(context, "/dev/shm");
  await capture(`${smallTree(context)}/`, { paths: place.paths, name: "web" });
  const tokenFile = join(place.directory, "token");
  const start = (who: string, ...words: readonly string[]): ChildProcess => {
    const env = { ...process.env, REHOME_STATE_DIR: join(place.directory, who), REHOME_STORE: place.paths.store };
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...words], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    atEnd(context, () => void (child.exitCode === null && child.kill("SIGKILL")));
    return child;
  };
  const ended = async (child: ChildProcess): Promise<readonly [status: number, out: string, err: string]> => {
    const [[status], out, err] = await Promise.all([
      once(child, "exit") as Promise<[number]>,
      child.stdout ? text(child.stdout) : "",
      child.stderr ? text(child.stderr) : "",
    ]);
    return [status, out, err];
  };
  const serve = ["clone", "serve", "web", "--session", "lab1", "--interface", "127.0.0.1", "--port", "30811"];
  const joinWords = ["clone", "join", "--session", "lab1", "--from", "127.0.0.1", "--port", "30811", "--name", "n1"];
  return {
    directory: place.directory,
    disk(name: string): string {
      return loopDevice(context, join(place.directory, `${name}.disk`), 200 * mib);
    },
    ended,
    serve: async (...more: readonly string[]): Promise<ChildProcess> => {
      const golden = start("golden", ...serve, "--token-file", tokenFile, ...more);
      while (!existsSync(tokenFile)) {
        assert.equal(golden.exitCode, null);
        await wait(50);
      }
      return golden;
    },
    join: (...more: readonly string[]): ChildProcess => start("n1", ...joinWords, "--token-file", tokenFile, ...more),
  };
}

test(
  "the words of the KA method divide a disk, and kill -9 of a join leaves nothing behind",
  asRoot,
  async (context) => {
    const lab = await makeLab(context);
    const [drive, device] = [lab.disk("golden"), lab.disk("node")];
    const name = drive.slice("/dev/".length);
    const record = randomBytes(512);
    writeFileSync(drive, record);
    run("mkfs.ext4", "-q", device);
    const desc = join(lab.directory, "desc");
    writeFileSync(desc, "# as the KA method has it\nlinux fill\n");
    const golden = await lab.serve(
      "--nodes",
      "1",
      "-p",
      name,
      desc,
      "-m",
      name,
      "-r",
      "grub",
      "--yes-erase-all",
      "--json",
    );
    const serving = lab.ended(golden);
    const [refused, , why] = await lab.ended(lab.join("--disk", device));
    assert.deepEqual([refused, /it holds something \(ext4\)/.test(why)], [3, true], why);
    const words = ["--disk", device, "--yes-erase-all", "--json"];
    const [planned, plan] = await lab.ended(lab.join(...words, "-n"));
    assert.equal(planned, 0);
    assertDocument("clone-join-disks-plan", JSON.parse(plan));
    const [, lines] = await lab.ended(lab.join("--disk", device, "--yes-erase-all", "-n"));
    assert.match(lines, new RegExp(`erase ${device}, which holds ext4`));
    assert.match(lines, /linux.*ext4 +\//);
    const killed = lab.join(...words);
    assert.ok(killed.stderr);
    for await (const line of createInterface(killed.stderr)) if (line.includes("Make the file systems")) break;
    killed.kill("SIGKILL");
    await once(killed, "exit");
    while (run("losetup", "--associated", device).trim() !== "") await wait(50);
    assert.doesNotMatch(readFileSync("/proc/self/mountinfo", "utf8"), /clone-nodes/);
    // What the killed join had made needs no word to be gone on with.
    const [status, out, err] = await lab.ended(lab.join("--disk", device, "--json"));
    assert.equal(status, 0, err);
    const result = JSON.parse(out) as { readonly resumed: boolean };
    assertDocument("clone-join-disks", result);
    assert.ok(result.resumed);
    const [served, report] = await serving;
    assert.equal(served, 0);
    assertDocument("clone-serve", JSON.parse(report));
    assert.ok(
      readFileSync(device).subarray(0, 440).equals(record.subarray(0, 440)),
      "the boot record is the golden one",
    );
    assert.match(run("sfdisk", "--dump", device), /label: dos[^]*type=83/);
  },
);
