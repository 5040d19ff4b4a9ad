import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import type { InodeStat } from "../../core/tree/tree-reader.ts";

/**
 * Looks at a tree of which nothing is trusted. Paths are resolved as if the root of the tree were the root of the machine,
 * so no symlink in it leads outside; only regular files are opened. What is there but cannot be used goes to `onUnusable`.
 */
export interface TreeView {
  /** The whole content of the regular file that `path` leads to, of at most `maxBytes`; undefined where there is none. */
  read(path: TreePath, maxBytes: number): ByteString | undefined;
  /** The names in a directory, sorted bytewise; none where there is no directory. */
  list(path: TreePath): readonly ByteString[];
  /** What `path` leads to in the end. */
  stat(path: TreePath): Pick<InodeStat, "kind" | "mode" | "sizeBytes"> | undefined;
  /** The target of the symlink that `path` itself is; undefined where it is none. */
  linkTarget(path: TreePath): ByteString | undefined;
  /** Takes what is there and could not be read, and why. */
  onUnusable: (path: TreePath, why: string) => void;
}

/**
 * Changes a tree as {@link TreeView} reads it. A file is written beside itself and renamed over, with the owner, mode, attributes
 * and flags it had; what is new belongs to the owner of the tree's root. Each call may be made twice.
 */
export interface TreeEditor extends TreeView, Disposable {
  /** Writes the file that `path` leads to, or makes it, with the directories it lies in. `mode` is for a new file. */
  write(path: TreePath, content: Uint8Array, mode: number): void;
  /** Writes the content of the file `from` to `to`. */
  copy(from: TreePath, to: TreePath): void;
  /** Gives the file at `from` the name `to`, in one step, whatever file had it; nothing is done where `from` is not there. */
  move(from: TreePath, to: TreePath): void;
  /** Puts a symlink in the place of what is at `path`. */
  link(path: TreePath, target: ByteString): void;
  /** Removes what has this name, never what a symlink leads to; a directory with all it holds. */
  remove(path: TreePath): void;
  /** Makes everything durable. */
  sync(): void;
}

/** Room for one program of a tree. */
export interface SandboxOptions {
  /** On top of a plain PATH, HOME and LC_ALL; nothing else of the caller's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** After this everything in the sandbox is killed. */
  readonly timeoutMs: number;
  /** Files and directories of this host, seen read-only at a path of the sandbox. */
  readonly bind: readonly { readonly from: string; readonly to: string }[];
  /** The one device of this host that the program may use. */
  readonly device: string | undefined;
  /** The program has this host's network and its name servers: only for what the user has asked to fetch something. */
  readonly hasNetwork?: boolean;
  /** Told each line that it writes; the result has no output then. */
  readonly onLine?: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** How a program in the sandbox ended. */
export interface SandboxResult {
  readonly exitCode: number;
  readonly timedOut: boolean;
  /** The end of what it wrote to standard output and standard error. */
  readonly output: string;
}

/** Runs programs of a tree, which may be hostile, apart from this host: no network, no devices, no way out of the tree. */
export interface Sandbox {
  /** Why no program of the tree at `root` can be run here; undefined where they can. */
  whyNot(root: string): string | undefined;
  /** Runs `argv` with `root` as its root directory. What it mounted is gone when this returns, and when this process dies. */
  run(root: string, argv: readonly string[], options: SandboxOptions): Promise<SandboxResult>;
}

/** What a preparation needs of this host. */
export interface PreparePorts {
  /** Runs a program of this host; why it failed, if it did. */
  readonly runOnHost: (argv: readonly string[], signal: AbortSignal | undefined) => Promise<string | undefined>;
  readonly tree: TreeEditor;
  readonly sandbox: Sandbox;
  readonly random: (sizeBytes: number) => Uint8Array;
}
