import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Paths } from "../../src/index.ts";
import type { JoiningNode } from "./join-node.ts";
import type { LiveSystem } from "./serve-live.ts";
import { testPlace } from "./place.ts";

/** How many large files the system has: `b-large-0` and so on. */
export const large = 18;
const largeBytes = 4_000_000;

/** A golden node whose capture stops half-way, until it is let go on; each in processes of their own. */
export class LiveLab {
  readonly context: TestContext;
  readonly directory: string;
  readonly tree: string;
  readonly paths: Paths;
  readonly #live: LiveSystem;

  /** @param more By default the capture stops after more than a pack, and far from the end. */
  constructor(
    context: TestContext,
    nodes: number,
    more: Partial<Pick<LiveSystem, "stopsAtBytes" | "layout" | "lingerMs">> = {},
  ) {
    this.context = context;
    const place = testPlace(context);
    this.directory = place.directory;
    this.paths = place.paths;
    this.tree = join(place.directory, "tree");
    mkdirSync(join(this.tree, "a"), { recursive: true });
    for (let at = 0; at < 2000; at++) writeFileSync(join(this.tree, "a", `small-${at}`), `file ${at}\n`.repeat(100));
    for (let at = 0; at < large; at++) {
      writeFileSync(join(this.tree, `b-large-${at}`), randomBytes(largeBytes));
      // Many names end a segment of the index.
      for (let of = 0; of < 300; of++) writeFileSync(join(this.tree, `b-large-${at}-${"n".repeat(100)}${of}`), "");
    }
    this.#live = {
      port: 20_000 + (process.pid % 20_000),
      tree: this.tree,
      paths: this.paths,
      nodes,
      stopsAtBytes: 24_000_000,
      gate: this.file("gate"),
      records: this.file("records"),
      tokenFile: this.file("token"),
      ...more,
    };
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  target(node: string): string {
    return join(this.directory, "targets", node);
  }

  serve(): ChildProcess {
    rmSync(this.#live.tokenFile, { force: true });
    return this.#start("serve-live.ts", this.#live);
  }

  /** Joins as a process, once nodes can; by default with a directory as its target. */
  async joinApart(
    node: string,
    target: Omit<JoiningNode, "options"> = { directory: this.target(node) },
  ): Promise<ChildProcess> {
    const joining: JoiningNode = { ...target, options: await this.optionsOf(node) };
    return this.#start("join-node.ts", joining);
  }

  async optionsOf(node: string): Promise<JoiningNode["options"]> {
    await this.until(() => existsSync(this.#live.tokenFile));
    const token = readFileSync(this.#live.tokenFile, "utf8");
    const { port } = this.#live;
    const paths = { ...this.paths, stateDirectory: join(this.directory, "state", node) };
    return { session: "lab1", token, from: "127.0.0.1", port, name: node, listenHost: "127.0.0.1", paths };
  }

  get records(): string[] {
    return existsSync(this.#live.records) ? readFileSync(this.#live.records, "utf8").trimEnd().split("\n") : [];
  }

  /** Lets the capture go on. */
  open(): void {
    writeFileSync(this.#live.gate, "");
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      assert.ok(!this.context.signal.aborted);
      await wait(50);
    }
  }

  /** A node has written large files, in the place where its tree grows. */
  hasWritten(node: string): boolean {
    const parent = join(this.directory, "targets");
    const stages = existsSync(parent) ? readdirSync(parent).filter((name) => name.startsWith(`.${node}.rehome-`)) : [];
    return stages.some((stage) => existsSync(join(parent, stage, "tree/b-large-1")));
  }

  #start(script: string, argument: object): ChildProcess {
    const path = join(import.meta.dirname, script);
    const child = spawn(process.execPath, [path, JSON.stringify(argument)], { stdio: ["ignore", "ignore", "inherit"] });
    this.context.after(() => child.kill("SIGKILL"));
    return child;
  }
}

/** Waits until a process has ended. */
export async function statusOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

/** Kills a process, and waits for that. */
export async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await statusOf(child);
}
