import { cloneJoin, cloneJoinDisk, cloneJoinStore, type CloneJoinOptions } from "../../src/index.ts";

/** A node of a chain, and its target: a directory, a store, or a disk. */
export interface JoiningNode {
  readonly directory?: string;
  readonly store?: string;
  readonly disk?: string;
  readonly options: CloneJoinOptions;
}

/** Joins as a node in a process of its own. Called with a {@link JoiningNode}, as JSON; prints its result. */
async function joinNode({ directory = "", store, disk, options }: JoiningNode): Promise<object> {
  if (store !== undefined) return await cloneJoinStore({ ...options, store });
  return disk === undefined ? await cloneJoin(directory, options) : await cloneJoinDisk({ ...options, disks: [disk] });
}

if (import.meta.main)
  process.stdout.write(`${JSON.stringify(await joinNode(JSON.parse(process.argv[2] ?? "") as JoiningNode))}\n`);
