import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { openTreeEditor } from "../../src/host/prepare/tree-editor.ts";
import type { PrepareChoices } from "../../src/system/prepare/operation.ts";
import { operations } from "../../src/system/prepare/operations.ts";
import { planPrepare, type PlannedOperation } from "../../src/system/prepare/plan.ts";
import type { Sandbox } from "../../src/system/prepare/ports.ts";
import { runPrepare, type DoneOperation } from "../../src/system/prepare/run.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Content by path; what begins with `->` is a symlink. Content is written byte for byte (latin1). */
export type HandMadeFiles = Readonly<Record<string, string>>;

/** A small tree in a directory, and the preparation of it with a sandbox that only writes down what it was asked to run. */
export interface HandMadeTree {
  readonly root: string;
  readonly ran: string[];
  readonly has: (path: string) => boolean;
  readonly text: (path: string) => string;
  /** All paths in it, sorted. */
  readonly paths: () => readonly string[];
  readonly plan: (operation: string, choices?: Partial<PrepareChoices>) => PlannedOperation;
  /** Runs one operation, or all. */
  readonly prepare: (
    operation: string | undefined,
    choices?: Partial<PrepareChoices>,
    signal?: AbortSignal,
  ) => Promise<readonly DoneOperation[]>;
}

/** Choices that ask for nothing but keeping the identity. */
export const plainChoices: PrepareChoices = {
  identity: "keep",
  fresh: "now",
  hostname: undefined,
  newHome: undefined,
  bootPlace: undefined,
  nicMap: [],
  bootModules: [],
  programs: [],
  programTimeoutMs: 1000,
};

/** Makes a tree that is removed after the test. */
export function handMadeTree(context: TestContext, files: HandMadeFiles): HandMadeTree {
  const root = temporaryDirectory(context);
  for (const [path, content] of Object.entries({ "etc/os-release": "ID=test\n", ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (content.startsWith("->")) symlinkSync(content.slice(2), join(root, path));
    else writeFileSync(join(root, path), content, "latin1");
  }
  const ran: string[] = [];
  const sandbox: Sandbox = {
    whyNot: () => undefined,
    run(_root, argv) {
      ran.push(argv.join(" "));
      return Promise.resolve({ exitCode: 0, timedOut: false, output: "" });
    },
  };
  return {
    root,
    ran,
    has: (path) => existsSync(join(root, path)),
    text: (path) => readFileSync(join(root, path), "latin1"),
    paths: () => readdirSync(root, { recursive: true, encoding: "utf8" }).toSorted(),
    plan(operation, choices) {
      using tree = openTreeEditor(root);
      const only = { only: [operation], skip: [] };
      const { operations: planned } = planPrepare(
        root,
        tree,
        operations,
        { ...plainChoices, ...choices },
        only,
        () => undefined,
      );
      const found = planned.find(({ name }) => name === operation);
      if (found === undefined) throw new RangeError(operation);
      return found;
    },
    async prepare(operation, choices, signal) {
      using tree = openTreeEditor(root);
      const only = { only: operation === undefined ? [] : [operation], skip: [] };
      const plan = planPrepare(root, tree, operations, { ...plainChoices, ...choices }, only, () => undefined);
      const runOnHost = (argv: readonly string[]): Promise<string | undefined> => {
        ran.push(`host: ${argv.join(" ")}`);
        return Promise.resolve(argv[0] === "efibootmgr" ? "it is not installed" : undefined);
      };
      const random = (sizeBytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(sizeBytes));
      const settings = { onOperation: () => {}, device: undefined, signal };
      return await runPrepare(plan, operations, { tree, sandbox, random, runOnHost }, settings);
    },
  };
}
