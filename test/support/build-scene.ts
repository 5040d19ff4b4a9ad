import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { stringify } from "yaml";
import { openBuild, type Build, type BuildOptions, type Paths } from "../../src/index.ts";
import { testPlace } from "./place.ts";

/** Checkpoints of a manifest, as a file has them. */
export type Checkpoints = readonly Readonly<Record<string, unknown>>[];

/** A place with a manifest, and a directory to build in. */
export class BuildScene {
  readonly paths: Paths;
  readonly manifest: string;
  /** Where it builds. */
  readonly work: string;
  readonly tree: string;

  constructor(context: TestContext, below?: string) {
    const { directory, paths } = testPlace(context, below);
    this.paths = paths;
    mkdirSync(join(directory, "m"));
    this.manifest = join(directory, "m/build.yaml");
    this.work = join(directory, "area");
    this.tree = join(this.work, "build/tree");
  }

  /** Writes the manifest; `more` are its other keys. */
  write(checkpoints: Checkpoints, more: object = {}): void {
    writeFileSync(this.manifest, stringify({ version: 1, name: "thing", ...more, checkpoints }));
  }

  /** Writes a file beside the manifest. */
  writeBeside(name: string, text: string): void {
    writeFileSync(join(this.manifest, "..", name), text);
  }

  open(options: BuildOptions = {}): Promise<Build> {
    return openBuild(this.manifest, { paths: this.paths, work: this.work, ...options });
  }

  /** Opens the build and runs it to its end, which must be a good one. */
  async build(): Promise<void> {
    const outcome = await (await this.open()).run();
    assert.equal(outcome.status, "successful", String(outcome.error));
  }

  read(path: string): string {
    return readFileSync(join(this.tree, path), "utf8");
  }

  log(level: "simple" | "detail", job: string): string {
    return readFileSync(join(this.work, "logs", `job-${job}`, `${level}.log`), "utf8");
  }
}

/** A checkpoint that runs a script. */
export function script(name: string, text: string, more: object = {}): Readonly<Record<string, unknown>> {
  return { name, uses: "custom-script", with: { script: text }, ...more };
}

/** A module with one constructor of checkpoints, `Own`, whose run has this body. */
export function moduleWith(body: string, more = ""): string {
  return `import { writeFileSync, existsSync } from "node:fs";
export const Own = {
  summary: "Do something of one's own",
  arguments: { type: "object", properties: { text: { type: "string" } }, additionalProperties: false },
  ${more}
  create: ({ text }: { text?: string }) => ({ async run({ root, work, data, log, signal, ports }: any) { ${body} } }),
};
`;
}
