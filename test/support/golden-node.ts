import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { capture, type CloneServeOptions } from "../../src/index.ts";
import { atEnd } from "./at-end.ts";
import { testPlace } from "./place.ts";
import type { ServedAgain } from "./serve-again.ts";

/** A golden node, and how it is joined. */
export interface GoldenNode {
  /** Waits for a session that nobody has joined yet. */
  readonly fresh: () => Promise<void>;
  /** What is served. */
  readonly tree: string;
  /** The content of its raw stream `part`. */
  readonly stream: Buffer;
  readonly join: {
    readonly session: string;
    readonly tokenFile: string;
    readonly from: string;
    readonly port: number;
    readonly name: string;
    readonly listenHost: string;
  };
}

/** Serves an image of what `fill` makes, session after session, until the test ends. */
export async function startGoldenNode(
  context: TestContext,
  fill: (tree: string) => void,
  more: Partial<CloneServeOptions> = {},
): Promise<GoldenNode> {
  const { directory, paths } = testPlace(context, "/dev/shm");
  const tree = join(directory, "golden-tree");
  mkdirSync(tree);
  fill(tree);
  const streamFile = join(directory, "part.raw");
  const stream = Buffer.concat([Buffer.alloc(300_000, "a"), Buffer.alloc(700_000)]);
  writeFileSync(streamFile, stream);
  truncateSync(streamFile, stream.length);
  await capture(`${tree}/`, { paths, name: "web", raw: [`part=${streamFile}`] });
  const port = 20_000 + (process.pid % 20_000);
  const tokenFile = join(directory, "token");
  const options = { session: "lab1", paths, port, host: "127.0.0.1", settings: { nodes: 1, giveUpMs: 300 }, ...more };
  const served: ServedAgain = { image: "web", options, tokenFile };
  const child = spawn(process.execPath, [join(import.meta.dirname, "serve-again.ts"), JSON.stringify(served)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  atEnd(context, () => void child.kill("SIGKILL"));
  const fresh = async (): Promise<void> => {
    while (!existsSync(tokenFile)) {
      assert.equal(child.exitCode, null);
      await wait(20);
    }
  };
  await fresh();
  const address = { from: "127.0.0.1", port, name: "n1", listenHost: "127.0.0.1" };
  return { fresh, tree, stream, join: { session: "lab1", tokenFile, ...address } };
}
