import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import * as libc from "../../src/host/libc.ts";
import { atEnd } from "./at-end.ts";

/** What another process does to a tree, over and over, while a test works on it. */
export type Disturbance =
  /** Two names change places. */
  | readonly ["swap", string, string]
  /** A file grows by a few KiB and is cut back when it is large. */
  | readonly ["grow", string]
  /** A file is cut off and written anew. */
  | readonly ["truncate", string]
  /** A file vanishes and comes back. */
  | readonly ["vanish", string]
  /** A file is replaced by another. */
  | readonly ["replace", string];

/** Starts a disturbance in a process of its own and returns once it is at work; it ends with the test. */
export async function disturb(context: TestContext, ...disturbances: readonly Disturbance[]): Promise<void> {
  for (const disturbance of disturbances) {
    const words = ["--disable-warning=ExperimentalWarning", import.meta.filename, ...disturbance];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
    atEnd(context, () => void child.kill("SIGKILL"));
    await once(child.stdout, "data");
  }
}

const exchange = 2;

function step([kind, path, other = ""]: readonly [string, string, string?]): void {
  if (kind === "swap") libc.renameat2(libc.AT_FDCWD, libc.cString(path), libc.AT_FDCWD, libc.cString(other), exchange);
  else if (kind === "grow") {
    for (let part = 0; part < 40; part++) appendFileSync(path, "x".repeat(5000));
    truncateSync(path, 1000);
  } else if (kind === "truncate") {
    truncateSync(path, 0);
    writeFileSync(path, "y".repeat(300_000));
  } else if (kind === "vanish") {
    rmSync(path, { force: true });
    writeFileSync(path, "z".repeat(10_000));
  } else {
    writeFileSync(`${path}.new`, "r".repeat(20_000));
    renameSync(`${path}.new`, path);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [kind = "", path = "", other = ""] = process.argv.slice(2);
  process.stdout.write("ready\n");
  // It must not outlive a test that was killed.
  const endsAtMs = Date.now() + 60_000;
  for (let round = 0; Date.now() < endsAtMs; round++) {
    step([kind, path, other]);
    if (round % 1000 === 0 && process.ppid === 1) break;
  }
}
