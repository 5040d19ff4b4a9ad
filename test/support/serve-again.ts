import { rmSync } from "node:fs";
import { cloneServe, type CloneServeOptions } from "../../src/index.ts";
import { replaceFile } from "../../src/host/replace-file.ts";

/** A golden node as a process of its own, which serves an image again whenever its session has ended. Called with this, as JSON. */
export interface ServedAgain {
  readonly image: string;
  readonly options: CloneServeOptions;
  /** Gets the token of each session, once nodes can join, and goes when the first has. */
  readonly tokenFile: string;
}

const { image, options, tokenFile } = JSON.parse(process.argv[2] ?? "") as ServedAgain;

const onNote = (): void => rmSync(tokenFile, { force: true });
for (;;) await cloneServe(image, { ...options, onNote }, ({ token }) => replaceFile(tokenFile, `${token}\n`, true));
