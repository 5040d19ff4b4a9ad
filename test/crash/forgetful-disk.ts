import type { DurableFiles } from "../../src/image/blob-store/durable-files.ts";

/** What every operation throws from the moment on at which a process died or its machine lost power. */
export class PowerLostError extends Error {
  override readonly name = "PowerLostError";

  constructor() {
    super("the power is gone");
  }
}

interface File {
  readonly kind: "file";
  readonly bytes: Buffer;
  readonly isSynced: boolean;
  readonly mtimeMs: number;
}

interface Directory {
  readonly kind: "directory";
  /** What processes see. */
  readonly seen: Map<string, Node>;
  /** What a loss of power leaves. */
  readonly durable: Map<string, Node>;
  /** What happened to names since the directory was synced, in order. */
  readonly unsynced: { readonly name: string; readonly node: Node | undefined }[];
}

type Node = File | Directory;

/** Says which of the operations that were not synced a loss of power leaves. */
export type Survives = () => boolean;

/**
 * A disk in memory that keeps apart what processes see and what is durable, as POSIX has it and no more: bytes of a file
 * are durable once it was synced, a name once the directory it stands in was synced. Nothing else makes anything durable.
 *
 * {@link DurableFiles} made by {@link files} count every change of the disk and die at the one they are told.
 */
export class ForgetfulDisk {
  readonly #root: Directory;

  constructor(root: Directory = emptyDirectory()) {
    this.#root = root;
  }

  /** The disk as a process that starts now finds it, after the one before was killed: nothing is lost, nothing more is durable. */
  copy(): ForgetfulDisk {
    return new ForgetfulDisk(copyDirectory(this.#root, new Map()));
  }

  /** The disk after a loss of power. Of what was not synced, that is there for which `survives` says so. */
  afterPowerLoss(survives: Survives = () => false): ForgetfulDisk {
    return new ForgetfulDisk(settleDirectory(this.#root, survives, new Map()));
  }

  /** Every file that processes see, by path. */
  get paths(): string[] {
    return [...listPaths(this.#root, "")].toSorted();
  }

  /** Changes a file behind everybody's back, durably. */
  damage(path: string, change: (bytes: Buffer) => Buffer): void {
    const { directory, name } = this.#find(path);
    const file = directory?.seen.get(name);
    if (directory === undefined || file?.kind !== "file") throw new TypeError(`no file ${path}`);
    const damaged: File = { ...file, bytes: change(Buffer.from(file.bytes)) };
    directory.seen.set(name, damaged);
    directory.durable.set(name, damaged);
  }

  /** File operations of one process, which dies at change number `dieAt` (from 1): that one and all later ones do not happen. */
  files(dieAt: number = Number.POSITIVE_INFINITY): DurableFiles & { readonly changes: () => number } {
    let changes = 0;
    let isDead = false;
    const alive = (): void => {
      if (isDead) throw new PowerLostError();
    };
    const change = (): void => {
      alive();
      if (++changes < dieAt) return;
      isDead = true;
      throw new PowerLostError();
    };
    const syncDirectory = (path: string): void => {
      change();
      const directory = this.#directory(path);
      if (directory === undefined) throw absent(path);
      makeNamesDurable(directory);
    };
    return {
      changes: () => changes,
      makeDirectory: async (path) => {
        alive();
        let directory = this.#root;
        const made: string[] = [];
        let above = "";
        for (const name of path.split("/").slice(1)) {
          const known = directory.seen.get(name);
          if (known?.kind === "file") throw failure("ENOTDIR", path);
          if (known === undefined) {
            change();
            setName(directory, name, emptyDirectory());
            made.push(above === "" ? "/" : above);
          }
          directory = directory.seen.get(name) as Directory;
          above = `${above}/${name}`;
        }
        for (const parent of made.toReversed()) syncDirectory(parent);
      },
      createSynced: async (path, parts) => {
        change();
        const { directory, name } = this.#find(path);
        if (directory === undefined) throw absent(path);
        if (directory.seen.has(name)) throw failure("EEXIST", path);
        const mtimeMs = Date.now();
        setName(directory, name, { kind: "file", bytes: Buffer.alloc(0), isSynced: false, mtimeMs });
        change();
        const written: File = { kind: "file", bytes: Buffer.concat(parts), isSynced: false, mtimeMs };
        replaceNode(directory, name, written);
        change();
        replaceNode(directory, name, { ...written, isSynced: true });
      },
      link: async (from, to) => {
        change();
        const source = this.#find(from);
        const target = this.#find(to);
        const node = source.directory?.seen.get(source.name);
        if (node === undefined || target.directory === undefined) throw absent(from);
        if (target.directory.seen.has(target.name)) return false;
        setName(target.directory, target.name, node);
        return true;
      },
      syncDirectory: async (path) => syncDirectory(path),
      unlink: async (path) => {
        change();
        const { directory, name } = this.#find(path);
        if (directory?.seen.has(name)) setName(directory, name, undefined);
      },
      read: async (path, offset, lengthBytes) => {
        alive();
        const { directory, name } = this.#find(path);
        const node = directory?.seen.get(name);
        if (node?.kind !== "file") return undefined;
        const start = offset < 0 ? Math.max(0, node.bytes.length + offset) : offset;
        return Buffer.from(node.bytes.subarray(start, Math.min(start + lengthBytes, node.bytes.length)));
      },
      readDirectory: async (path) => {
        alive();
        const names = this.#directory(path)?.seen ?? new Map<string, Node>();
        return [...names].map(([name, { kind }]) => ({ name, isDirectory: kind === "directory" }));
      },
      stat: async (path) => {
        alive();
        const { directory, name } = this.#find(path);
        const node = directory?.seen.get(name);
        return node?.kind === "file" ? { sizeBytes: node.bytes.length, mtimeMs: node.mtimeMs } : undefined;
      },
    };
  }

  #directory(path: string): Directory | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path.split("/").slice(1)) {
      if (name === "") continue;
      node = node?.kind === "directory" ? node.seen.get(name) : undefined;
    }
    return node?.kind === "directory" ? node : undefined;
  }

  #find(path: string): { readonly directory: Directory | undefined; readonly name: string } {
    const at = path.lastIndexOf("/");
    return { directory: this.#directory(path.slice(0, at)), name: path.slice(at + 1) };
  }
}

function emptyDirectory(): Directory {
  return { kind: "directory", seen: new Map(), durable: new Map(), unsynced: [] };
}

function setName(directory: Directory, name: string, node: Node | undefined): void {
  if (node === undefined) directory.seen.delete(name);
  else directory.seen.set(name, node);
  directory.unsynced.push({ name, node });
}

/** A file has become other bytes, or durable ones; its name is as durable as it was. */
function replaceNode(directory: Directory, name: string, node: File): void {
  const before = directory.seen.get(name);
  directory.seen.set(name, node);
  for (const [at, change] of directory.unsynced.entries())
    if (change.node === before) directory.unsynced[at] = { name: change.name, node };
}

function makeNamesDurable(directory: Directory): void {
  directory.durable.clear();
  for (const [name, node] of directory.seen) directory.durable.set(name, node);
  directory.unsynced.length = 0;
}

function copyDirectory(directory: Directory, copies: Map<Node, Directory>): Directory {
  const known = copies.get(directory);
  if (known) return known;
  const copy = emptyDirectory();
  copies.set(directory, copy);
  const copyNode = (node: Node): Node => (node.kind === "file" ? node : copyDirectory(node, copies));
  for (const [name, node] of directory.seen) copy.seen.set(name, copyNode(node));
  for (const [name, node] of directory.durable) copy.durable.set(name, copyNode(node));
  for (const { name, node } of directory.unsynced) copy.unsynced.push({ name, node: node && copyNode(node) });
  return copy;
}

function settleDirectory(directory: Directory, survives: Survives, settled: Map<Node, Directory>): Directory {
  const known = settled.get(directory);
  if (known) return known;
  const left = emptyDirectory();
  settled.set(directory, left);
  const names = new Map(directory.durable);
  for (const { name, node } of directory.unsynced) {
    if (!survives()) continue;
    if (node === undefined) names.delete(name);
    else names.set(name, node);
  }
  for (const [name, node] of names) {
    const kept = node.kind === "directory" ? settleDirectory(node, survives, settled) : settleFile(node, survives);
    left.seen.set(name, kept);
    left.durable.set(name, kept);
  }
  return left;
}

/** Bytes that were not synced are all there, the first half of them, or as many zeros. */
function settleFile(file: File, survives: Survives): File {
  if (file.isSynced || survives()) return { ...file, isSynced: true };
  const bytes = survives() ? Buffer.alloc(file.bytes.length) : file.bytes.subarray(0, file.bytes.length / 2);
  return { ...file, bytes, isSynced: true };
}

function* listPaths(directory: Directory, prefix: string): Generator<string> {
  for (const [name, node] of directory.seen)
    if (node.kind === "file") yield `${prefix}/${name}`;
    else yield* listPaths(node, `${prefix}/${name}`);
}

function absent(path: string): Error {
  return failure("ENOENT", path);
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
