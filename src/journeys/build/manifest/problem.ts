/** One thing that is wrong with a build's manifest. */
export interface Problem {
  /** The file as it was named. */
  readonly file: string;
  /** From 1; undefined where no line is to blame. */
  readonly line: number | undefined;
  /** The place in the document: `checkpoints[2].with.suite`; empty is the whole. */
  readonly path: string;
  /** What is, and what is expected. */
  readonly message: string;
}

/** A step to a value in a document. */
export type Key = string | number;

/** Writes where a value is, for people. */
export function formatPath(keys: readonly Key[]): string {
  return keys
    .map((key) =>
      typeof key === "number" ? `[${key}]` : /^[\w.-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
    )
    .join("")
    .replace(/^\./, "");
}

/** Writes a problem as compilers do. */
export function formatProblem({ file, line, path, message }: Problem): string {
  return `${file}${line === undefined ? "" : `:${line}`}: ${path === "" ? "" : `${path}: `}${message}`;
}
